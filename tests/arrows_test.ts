/** Imports go one way: see docs/ARCHITECTURE.md. */
import assert from "node:assert/strict";

/** What each folder of src/ may import from, besides itself. */
const ARROWS: Record<string, string[]> = {
  protocol: [],
  policy: ["protocol"],
  engine: ["protocol", "policy"],
  kernel: ["protocol"],
  // Which package a request downloads and whose token it carries is theirs to tell.
  proxy: ["protocol", "packages", "github"],
  supervisor: ["protocol"],
  containers: ["protocol"],
  packages: [],
  github: [],
  // The hooks know where the runner keeps its worker, and find steps in its workflow files.
  action: ["protocol", "github"],
  // The commands put everything together; `run` hands over to the supervisor, `demo` to its internet.
  cli: ["protocol", "policy", "packages", "github", "supervisor", "containers", "demo", "doctor"],
  demo: [],
  // A tool for contributors: it plays the roles around the proxy.
  recorder: ["protocol", "policy", "supervisor"],
  // It tries the supervisor's tools, and attacks on the demo's internet.
  doctor: ["protocol", "supervisor", "demo"],
};

function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sources(path);
    else if (/\.(ts|js)$/.test(entry.name)) yield path;
  }
}

const root = new URL("..", import.meta.url).pathname;

Deno.test("imports between the folders of src go one way", () => {
  const wrong: string[] = [];
  for (const path of sources(`${root}src`)) {
    const from = path.slice(root.length).split("/")[1]!;
    assert.ok(from in ARROWS, `src/${from} has no row in this test`);
    for (
      const match of Deno.readTextFileSync(path).matchAll(
        /(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g,
      )
    ) {
      const target = new URL(match[1]!, `file://${path}`).pathname.slice(root.length).split("/");
      if (target[0] !== "src") continue;
      if (target[1] !== from && !ARROWS[from]!.includes(target[1]!)) {
        wrong.push(`${path.slice(root.length)} imports ${target.join("/")}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("the policy engine is pure: no Deno, clock, randomness or node modules", () => {
  const impure = /\bDeno\.|Date\.now|new Date\b|Math\.random|performance\.now|"node:(?!assert)/;
  for (const path of sources(`${root}src/policy`)) {
    if (/_test\.ts$/.test(path)) continue;
    const hit = Deno.readTextFileSync(path).match(impure);
    assert.equal(hit, null, `${path.slice(root.length)}: ${hit?.[0]}`);
  }
});
