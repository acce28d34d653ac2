// Makes what pages load, static/built/: one style sheet, one script, the theme's, and the drawings. bin/setup.py runs
// it whenever a source has changed. Each file's name changes with its content, so browsers may keep it for good; beside
// it lie its compressed forms, and manifest.json says what is called how and what it must contain.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { transform } from "esbuild";
import { PurgeCSS } from "purgecss";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUILT = join(ROOT, "static", "built");
// In the order in which they apply.
const STYLES = [
  "tokens", "contrast", "shell", "sidebar", "page", "summary", "closing", "table", "listing", "money", "status", "identifier",
  "items", "paper", "mail",
  "facts", "notice", "form", "dialog", "progress", "chart", "movers", "meter", "what-if", "series", "spend", "spend-figure",
  "needs", "palette", "decide", "recipe", "timeline", "pagination", "motion", "print",
];
const SCRIPTS = [
  "relative-time", "strips", "picks", "copy", "passkeys", "panel", "polling", "announce", "palette", "shortcuts", "spend", "submit-once",
  "print",
];
// Run before the first paint and so stand by themselves, as theme.js.
const EARLY = ["theme", "motion"];
// Where a class may be named. PurgeCSS keeps every rule whose classes are among the words there.
const NAMED_IN = ["templates/**/*.html", "static/js/*.js"].map((files) => join(ROOT, files));

const text = (...path) => readFileSync(join(ROOT, ...path), "utf8");
const ours = (kind, names) => names.map((name) => text("static", kind, `${name}.${kind}`)).join("\n");
const minify = async (source, loader) => (await transform(source, { loader, minify: true })).code;
const integrity = (content) => `sha384-${createHash("sha384").update(content).digest("base64")}`;

// A package's file, if it is the very one that package.json names.
function vendored(file) {
  const content = text("node_modules", file);
  const named = JSON.parse(text("package.json")).vendor[file];
  if (integrity(content) !== named) throw new Error(`node_modules/${file} is not the file that package.json names.`);
  return content;
}

function refuseUnlisted(kind, listed) {
  const unlisted = readdirSync(join(ROOT, "static", kind)).filter((file) => !listed.includes(basename(file, `.${kind}`)));
  if (unlisted.length) throw new Error(`bin/assets.mjs does not say where static/${kind}/${unlisted[0]} belongs.`);
}

// Tabler's rules in front of our own; only those for what is on our pages, unless all are wanted.
async function styles({ whole = false } = {}) {
  const own = ours("css", STYLES);
  const tabler = vendored("@tabler/core/dist/css/tabler.min.css");
  return minify(`${whole ? tabler : await reduced(tabler, own)}\n${own}`, "css");
}

async function reduced(raw, own) {
  const [result] = await new PurgeCSS().purge({
    content: NAMED_IN,
    css: [{ raw }],
    variables: true,
    keyframes: true,
    fontFace: true,
    // What a field is, its form says, not a template.
    dynamicAttributes: ["type"],
    safelist: {
      // Ours read Tabler's variables too.
      variables: [...new Set(own.match(/--tblr-[\w-]+/g))],
      // A state alone, of whatever element: PurgeCSS takes it for nothing that a page has.
      standard: [":focus-visible"],
    },
  });
  return result.css;
}

async function scripts() {
  const htmx = vendored("htmx.org/dist/htmx.min.js");
  const ptag = vendored("htmx.org/dist/ext/hx-ptag.min.js");
  return [htmx, ptag, await minify(ours("js", SCRIPTS), "js")].join("\n;");
}

const drawing = (name) => text("static", name).replace(/>\s+</g, "><").trim();

async function main() {
  refuseUnlisted("css", STYLES);
  refuseUnlisted("js", [...SCRIPTS, ...EARLY]);
  const files = {
    "app.css": await styles(),
    "app.js": await scripts(),
    "theme.js": await minify(ours("js", EARLY), "js"),
    "icons.svg": drawing("icons.svg"),
    "favicon.svg": drawing("favicon.svg"),
  };
  const fresh = `${BUILT}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(join(fresh, "files"), { recursive: true });
  const manifest = {};
  for (const [name, content] of Object.entries(files)) {
    const kind = extname(name);
    const digest = createHash("sha256").update(content).digest("hex").slice(0, 12);
    const file = `${basename(name, kind)}-${digest}${kind}`;
    manifest[name] = { file, integrity: integrity(content) };
    const path = join(fresh, "files", file);
    writeFileSync(path, content);
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
    writeFileSync(`${path}.br`, brotliCompressSync(content));
  }
  writeFileSync(join(fresh, "manifest.json"), JSON.stringify(manifest, null, 2));
  rmSync(BUILT, { recursive: true, force: true });
  renameSync(fresh, BUILT);
}

// `whole` prints the style sheet as it would be with all of Tabler: the browser's tests compare the two.
if (process.argv[2] === "whole") process.stdout.write(await styles({ whole: true }));
else await main();
