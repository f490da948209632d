"""Formulas of Word and PowerPoint (Office Math, ECMA-376, part 1, 22.1) as TeX in dollar signs.

python-docx and python-pptx leave them out. Here each is made a run of text in its own place before
these libraries read. What is not known is read through: no letter of a formula is lost.
"""

import re
from collections.abc import Callable
from typing import Any

from lxml import etree

MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

_NEXT_ROW = r" \\ "
_SPECIAL = re.compile(r"[#$%&_{}~^\\‖′″]")
_TALL = re.compile(r"\\(?:frac|begin|sqrt|atop|under|over)|[∑∏∐∫-∳⋀-⋃]")
"""Of what brackets have to grow with."""
_WRITTEN = {"~": r"\sim ", "^": r"\hat{}", "\\": r"\backslash ", "‖": r"\|", "′": "'", "″": "''"}
_FUNCTIONS = frozenset(
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd inf ker lg lim ln log max "
    "min sec sin sinh sup tan tanh".split()
)
_LIMITS = ("\\lim", "\\max", "\\min", "\\sup", "\\inf", "\\det", "\\gcd")
_ACCENTS = {
    "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0305": "bar", "\u0306": "breve",
    "\u0307": "dot", "\u0308": "ddot", "\u030c": "check", "\u20d7": "vec",
    "\u20d6": "overleftarrow", "\u20e1": "overleftrightarrow",
}  # fmt: skip
_ALPHABETS = {"double-struck": "mathbb", "script": "mathcal", "fraktur": "mathfrak"}
_FENCES = {"": ".", "{": r"\{", "}": r"\}", "‖": r"\|", "<": r"\langle", ">": r"\rangle"}
_FENCE = frozenset("()[]|/⌊⌋⌈⌉⟨⟩") | _FENCES.keys()


def write_out(root: Any, run: str, text: str, *wrapped: str) -> None:
    """Each formula under `root` becomes a run of text. `run` and `text` are the tags of a run and
    of its text there, `wrapped` of what else may stand round formulas and goes with them."""
    tags = (f"{MATH}oMathPara", f"{MATH}oMath", *wrapped)
    places = [
        place
        for place in root.iter(*tags)
        if not any(outer.tag in tags for outer in place.iterancestors())
    ]
    for place in places:
        made = place.makeelement(run)
        made.append(place.makeelement(text))
        made[0].text = " ".join(map(_between_signs, place.iter(f"{MATH}oMath")))
        made.tail = place.tail
        place.getparent().replace(place, made)


def _between_signs(formula: Any) -> str:
    said = " ".join(tex(formula).split())
    is_display = any(outer.tag == f"{MATH}oMathPara" for outer in formula.iterancestors())
    sign = "$$" if is_display else "$"
    return f"{sign}{said}{sign}" if said else ""


def tex(element: Any) -> str:
    """An element of a formula as TeX."""
    if not isinstance(element.tag, str) or element.tag.endswith(("Pr", "}del", "}instrText")):
        return ""
    write = _WRITERS.get(element.tag.removeprefix(MATH))
    return write(element) if write else _inside(element)


def _inside(element: Any) -> str:
    return "".join(tex(child) for child in element)


def _part(element: Any, name: str) -> str:
    found = element.find(MATH + name)
    return _inside(found) if found is not None else ""


def _setting(element: Any, name: str, default: str) -> str:
    """A property's value; that of one which is there without a value is the empty string."""
    found = element.find(f"{MATH}{etree.QName(element).localname}Pr/{MATH}{name}")
    return str(found.get(f"{MATH}val", "")) if found is not None else default


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda sign: _WRITTEN.get(sign[0], f"\\{sign[0]}"), text)


def _run(element: Any) -> str:
    text = "".join(piece.text or "" for piece in element.iter(f"{MATH}t"))
    if element.find(f"{MATH}rPr/{MATH}nor") is not None:
        return rf"\text{{{_escaped(text)}}}" if text.strip() else " "
    if text.strip() in _FUNCTIONS:
        return rf"\{text.strip()} "
    script = _setting(element, "scr", "")
    if script in _ALPHABETS and text.strip():
        return rf"\{_ALPHABETS[script]}{{{_escaped(text.strip())}}}"
    if _setting(element, "sty", "") == "b" and text.strip():
        return rf"\mathbf{{{_escaped(text.strip())}}}"
    return _escaped(text)


def _fraction(element: Any) -> str:
    above, below = _part(element, "num"), _part(element, "den")
    match _setting(element, "type", "bar"):
        case "noBar":
            return rf"{{{above} \atop {below}}}"
        case "lin" | "skw":
            return f"{{{above}}}/{{{below}}}"
    return rf"\frac{{{above}}}{{{below}}}"


def _scripts(element: Any) -> str:
    low, high = _part(element, "sub"), _part(element, "sup")
    return (f"_{{{low}}}" if low else "") + (f"^{{{high}}}" if high else "")


def _scripted(element: Any) -> str:
    base = _part(element, "e")
    base = base if len(base) == 1 and base.isalnum() else f"{{{base}}}"
    return base + _scripts(element)


def _scripts_before(element: Any) -> str:
    return f"{{}}{_scripts(element)}{{{_part(element, 'e')}}}"


def _root(element: Any) -> str:
    degree = _part(element, "deg")
    return rf"\sqrt{f'[{degree}]' if degree else ''}{{{_part(element, 'e')}}}"


def _with_limits(element: Any) -> str:
    sign = _setting(element, "chr", "∫") or "∫"
    return f"{sign}{_scripts(element)}{{{_part(element, 'e')}}}"


def _fenced(element: Any) -> str:
    begin, end = _setting(element, "begChr", "("), _setting(element, "endChr", ")")
    between = _setting(element, "sepChr", "|")
    parts = [_inside(part) for part in element.findall(f"{MATH}e")]
    is_tall = any(map(_TALL.search, parts))
    if not is_tall or not _FENCE.issuperset((begin, end)) or between not in _FENCE:
        return _escaped(begin) + _escaped(between).join(parts) + _escaped(end)
    middle = rf"\middle{_FENCES.get(between, between)} "
    opened, closed = _FENCES.get(begin, begin), _FENCES.get(end, end)
    return rf"\left{opened} {middle.join(parts)}\right{closed} "


def _matrix(element: Any) -> str:
    rows = [
        " & ".join(_inside(cell) for cell in row.findall(f"{MATH}e"))
        for row in element.findall(f"{MATH}mr")
    ]
    return rf"\begin{{matrix}} {_NEXT_ROW.join(rows)} \end{{matrix}}"


def _equations(element: Any) -> str:
    """Lines of equations. The signs that they are aligned at stand in them as `&`."""
    lines = [_inside(line).replace(r"\&", "") for line in element.findall(f"{MATH}e")]
    rows = _NEXT_ROW.join(f"& {line}" for line in lines)
    return rf"\begin{{aligned}} {rows} \end{{aligned}}"


def _function(element: Any) -> str:
    name = _part(element, "fName")
    name = rf"\operatorname{{{name}}}" if name.isalpha() and len(name) > 1 else name
    return f"{name}{{{_part(element, 'e')}}}"


def _limit(element: Any) -> str:
    base, limit = _part(element, "e"), _part(element, "lim")
    is_low = element.tag == f"{MATH}limLow"
    if is_low and base.strip().startswith(_LIMITS):
        return f"{base.strip()}_{{{limit}}}"
    return rf"\{'underset' if is_low else 'overset'}{{{limit}}}{{{base}}}"


def _accent(element: Any) -> str:
    sign, base = _setting(element, "chr", "\u0302"), _part(element, "e")
    name = _ACCENTS.get(sign)
    return rf"\{name}{{{base}}}" if name else f"{base}{sign}"


def _bar(element: Any) -> str:
    name = "overline" if _setting(element, "pos", "bot") == "top" else "underline"
    return rf"\{name}{{{_part(element, 'e')}}}"


def _grouped(element: Any) -> str:
    sign, base = _setting(element, "chr", "⏟"), _part(element, "e")
    name = {"⏟": "underbrace", "⏞": "overbrace"}.get(sign)
    return rf"\{name}{{{base}}}" if name else base


def _boxed(element: Any) -> str:
    return rf"\boxed{{{_part(element, 'e')}}}"


_WRITERS: dict[str, Callable[[Any], str]] = {
    "r": _run,
    "f": _fraction,
    "sSup": _scripted,
    "sSub": _scripted,
    "sSubSup": _scripted,
    "sPre": _scripts_before,
    "rad": _root,
    "nary": _with_limits,
    "d": _fenced,
    "m": _matrix,
    "eqArr": _equations,
    "func": _function,
    "limLow": _limit,
    "limUpp": _limit,
    "acc": _accent,
    "bar": _bar,
    "groupChr": _grouped,
    "borderBox": _boxed,
}
