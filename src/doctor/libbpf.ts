/**
 * Which kinds of BPF programs and maps the kernel takes, asked through libbpf (`libbpf_probe_bpf_prog_type` and
 * `libbpf_probe_bpf_map_type`, bpf/libbpf.h; they load a program of two instructions and drop it).
 *
 * @module
 */

const LIBRARY = "libbpf.so.1";

/** Program types of the gate and of attribution, enum bpf_prog_type of linux/bpf.h. Tracing cannot be asked for so. */
const PROGRAMS = {
  cgroup_skb: 8,
  cgroup_sock: 9,
  sock_ops: 13,
  cgroup_sock_addr: 18,
  cgroup_sockopt: 25,
  sched_cls: 3,
} as const;

/** Map types in use, enum bpf_map_type of linux/bpf.h. */
const MAPS = {
  hash: 1,
  array: 2,
  percpu_array: 6,
  cgroup_array: 8,
  lru_hash: 9,
  ringbuf: 27,
} as const;

const SYMBOLS = {
  libbpf_set_print: { parameters: ["pointer"], result: "pointer" },
  libbpf_probe_bpf_prog_type: { parameters: ["i32", "pointer"], result: "i32" },
  libbpf_probe_bpf_map_type: { parameters: ["i32", "pointer"], result: "i32" },
} as const;

/** Facts `libbpf`, `program NAME`, `no-program NAME`, `map NAME` and `no-map NAME`; `no-libbpf WHY` without it. */
export function libbpfFacts(): [string, string][] {
  let library: Deno.DynamicLibrary<typeof SYMBOLS>;
  try {
    library = Deno.dlopen(LIBRARY, SYMBOLS);
  } catch (error) {
    return [["no-libbpf", error instanceof Error ? error.message : String(error)]];
  }
  try {
    const { symbols } = library;
    // What a probe meets is told by its result, not on stderr.
    symbols.libbpf_set_print(null);
    const found: [string, string][] = [["libbpf", LIBRARY]];
    for (const [name, type] of Object.entries(PROGRAMS)) {
      const loads = symbols.libbpf_probe_bpf_prog_type(type, null) === 1;
      found.push([loads ? "program" : "no-program", name]);
    }
    for (const [name, type] of Object.entries(MAPS)) {
      const makes = symbols.libbpf_probe_bpf_map_type(type, null) === 1;
      found.push([makes ? "map" : "no-map", name]);
    }
    return found;
  } finally {
    library.close();
  }
}
