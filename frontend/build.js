/* Bundles the browser's files into app/static/dist: `npm run build` (once) or `npm run watch`.
   ES modules are split, so that pdf.js is fetched only where a page is shown, KaTeX where a formula stands. */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = resolve(here, "../app/static/dist");
const packages = resolve(here, "../node_modules");
const KEPT_FOR = 7 * 24 * 3600 * 1000;
const watch = process.argv.includes("--watch");

const common = {
  bundle: true, minify: true, legalComments: "none", target: ["es2022", "safari16.4"], logLevel: "info",
};

/** The page's modules: main.js and the rooms that it imports when they are needed. */
const modules = (mathSheet) => ({
  ...common,
  entryPoints: [join(here, "main.js")], outdir: dist, format: "esm", splitting: true,
  entryNames: "[name]", chunkNames: "[name]-[hash]", metafile: true, plugins: [stylesByScript],
  define: { PDFJS_VERSION: JSON.stringify(version("pdfjs-dist")), MATH_SHEET: JSON.stringify(mathSheet) },
});

/* KaTeX gives some of its pieces a style attribute, which our policy forbids; set by script it is allowed. */
const stylesByScript = replacing("styles by script", /katex\.mjs$/, 4,
  /node\.setAttribute\(attr, (this\.attributes\[attr\]|value)\)/g,
  'attr === "style" ? (node.style.cssText = $1) : node.setAttribute(attr, $1)');

/* Every browser that runs our modules reads WOFF2. */
const woff2Alone = replacing("woff2 alone", /katex\.css$/, 20, /(format\("woff2"\))[^;}]*/g, "$1");

function replacing(name, filter, times, pattern, replacement) {
  return {
    name,
    setup: (build) => build.onLoad({ filter }, ({ path }) => {
      const text = readFileSync(path, "utf8"), found = text.match(pattern)?.length ?? 0;
      if (found !== times) throw new Error(`${name}: ${path} has ${found} places to change instead of ${times}`);
      return { contents: text.replaceAll(pattern, replacement), loader: path.endsWith("css") ? "css" : "js" };
    }),
  };
}

/** KaTeX's sheet with its fonts; its name changes with its content. */
function mathSheet() {
  return esbuild.build({
    ...common,
    entryPoints: [join(here, "math.css")], outdir: dist, entryNames: "[name]-[hash]",
    assetNames: "fonts/[name]-[hash]", loader: { ".woff2": "file" }, plugins: [woff2Alone], metafile: true,
  });
}

function sheetName({ metafile }) {
  return basename(Object.keys(metafile.outputs).find((file) => file.endsWith(".css")));
}

/** Scripts that stand alone: the launch pages', and the display settings, which run before the first paint. */
const standalone = {
  ...common,
  entryPoints: ["launch.js", "register.js", "display.js"].map((name) => join(here, name)), outdir: dist, format: "iife",
};

function version(name) {
  return JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8")).version;
}

/** Bootstrap and look.css as one sheet for each direction. */
async function styles() {
  const look = readFileSync(join(here, "look.css"), "utf8");
  const { code } = await esbuild.transform(look, { loader: "css", minify: true, legalComments: "none" });
  for (const [source, target] of [["bootstrap.min.css", "main.css"], ["bootstrap.rtl.min.css", "main.rtl.css"]]) {
    const bootstrap = readFileSync(join(packages, "bootstrap/dist/css", source), "utf8");
    writeFileSync(join(dist, target), bootstrap.replace(/\/\*# sourceMappingURL=.*?\*\//, "") + code);
  }
}

/** What pdf.js fetches by itself, under a folder with its version; copied once per version. */
function pdfjs() {
  const folder = `pdfjs-${version("pdfjs-dist")}`;
  for (const old of readdirSync(dist)) {
    if (old.startsWith("pdfjs-") && old !== folder) rmSync(join(dist, old), { recursive: true });
  }
  if (existsSync(join(dist, folder, "complete"))) return;
  const from = join(packages, "pdfjs-dist");
  cpSync(join(from, "legacy/build/pdf.worker.min.mjs"), join(dist, folder, "pdf.worker.js"));
  for (const part of ["cmaps", "standard_fonts", "iccs"]) cpSync(join(from, part), join(dist, folder, part), { recursive: true });
  for (const file of ["openjpeg_nowasm_fallback.js", "jbig2_nowasm_fallback.js"]) {
    cpSync(join(from, "wasm", file), join(dist, folder, "wasm", file));
  }
  writeFileSync(join(dist, folder, "complete"), "");
}

/* Pages that are open may still ask for the parts of an earlier build. */
function removeOldParts(...builds) {
  const current = new Set(builds.flatMap(({ metafile }) => Object.keys(metafile.outputs).map((file) => resolve(file))));
  for (const file of readdirSync(dist, { recursive: true })) {
    const path = join(dist, file), isPart = /-[A-Z0-9]{8}\.(js|css|woff2)(\.gz)?$/.test(file);
    if (isPart && !current.has(path.replace(/\.gz$/, "")) && Date.now() - statSync(path).mtimeMs > KEPT_FOR) rmSync(path);
  }
}

/** Each text file once more, compressed, for browsers that take it so: the server picks. */
function compress() {
  for (const file of readdirSync(dist, { recursive: true })) {
    if (!/\.(js|css|svg)$/.test(file)) continue;
    const path = join(dist, file), small = `${path}.gz`;
    if (!existsSync(small) || statSync(small).mtimeMs < statSync(path).mtimeMs) {
      writeFileSync(small, gzipSync(readFileSync(path), { level: 9 }));
    }
  }
}

mkdirSync(dist, { recursive: true });
const math = await mathSheet();
const pageModules = modules(sheetName(math));
if (watch) {
  const sheet = { name: "styles", setup: (build) => build.onEnd(styles) };
  for (const options of [{ ...pageModules, plugins: [...pageModules.plugins, sheet] }, standalone]) await (await esbuild.context(options)).watch();
} else {
  const [pages] = await Promise.all([esbuild.build(pageModules), esbuild.build(standalone), styles()]);
  removeOldParts(math, pages);
}
for (const file of ["icons.svg", "icon.svg"]) cpSync(join(here, file), join(dist, file));
pdfjs();
compress();
