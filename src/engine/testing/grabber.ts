/**
 * Tries everything that the engine role must not be able to do, and prints what became of it.
 *
 * @module
 */

const attempts: Record<string, () => unknown> = {
  read: () => Deno.readTextFileSync("/etc/hostname"),
  write: () => Deno.writeTextFileSync("/tmp/egress-engine-grabber", ""),
  net: () => Deno.connect({ hostname: "127.0.0.1", port: 1 }),
  listen: () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  run: () => new Deno.Command("/bin/true").outputSync(),
  env: () => Deno.env.get("HOME"),
  ffi: () => Deno.dlopen("libc.so.6", {}),
  sys: () => Deno.hostname(),
};

const results: Record<string, string> = {};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    results[name] = "done";
  } catch (error) {
    results[name] = (error as Error).name;
  }
}
console.log(JSON.stringify(results));
