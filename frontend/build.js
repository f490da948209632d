/* Bundles the browser's files into app/static/dist: `npm run build` (once) or `npm run watch`.
   ES modules are split, so that pdf.js is fetched only where a page is shown. */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = resolve(here, "../app/static/dist");
const packages = resolve(here, "../node_modules");
const watch = process.argv.includes("--watch");

const common = {
  bundle: true, minify: true, legalComments: "none", target: ["es2022", "safari16.4"], logLevel: "info",
};

/** The page's modules: main.js and the rooms that it imports when they are needed. */
const modules = {
  ...common,
  entryPoints: [join(here, "main.js")], outdir: dist, format: "esm", splitting: true,
  entryNames: "[name]", chunkNames: "[name]-[hash]",
  define: { PDFJS_VERSION: JSON.stringify(version("pdfjs-dist")) },
};

/** Scripts that stand alone: the launch pages', and the display settings, which run before the first paint. */
const standalone = {
  ...common,
  entryPoints: [join(here, "launch.js"), join(here, "display.js")], outdir: dist, format: "iife",
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

function removeOldChunks() {
  for (const file of readdirSync(dist)) if (/-[A-Z0-9]{8}\.js(\.gz)?$/.test(file)) rmSync(join(dist, file));
}

/** Each text file once more, compressed, for browsers that take it so: the server picks. */
function compress() {
  for (const file of readdirSync(dist, { recursive: true })) {
    if (!/\.(js|css|svg)$/.test(file)) continue;
    const path = join(dist, file);
    if (!/^pdfjs-/.test(file) || !existsSync(`${path}.gz`)) {
      writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
    }
  }
}

mkdirSync(dist, { recursive: true });
removeOldChunks();
if (watch) {
  const sheet = { name: "styles", setup: (build) => build.onEnd(styles) };
  for (const options of [{ ...modules, plugins: [sheet] }, standalone]) await (await esbuild.context(options)).watch();
} else {
  await Promise.all([esbuild.build(modules), esbuild.build(standalone), styles()]);
}
cpSync(join(here, "icons.svg"), join(dist, "icons.svg"));
pdfjs();
compress();
