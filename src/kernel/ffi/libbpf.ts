/**
 * The functions of libbpf 1.x that the kernel role calls.
 *
 * @module
 */

const SYMBOLS = {
  bpf_link__destroy: { parameters: ["pointer"], result: "i32" },
  bpf_link__pin: { parameters: ["pointer", "buffer"], result: "i32" },
  bpf_map__set_pin_path: { parameters: ["pointer", "buffer"], result: "i32" },
  bpf_map_delete_elem: { parameters: ["i32", "buffer"], result: "i32" },
  bpf_map_get_next_key: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  bpf_map_lookup_elem: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  bpf_map_update_elem: { parameters: ["i32", "buffer", "buffer", "u64"], result: "i32" },
  bpf_obj_pin: { parameters: ["i32", "buffer"], result: "i32" },
  bpf_obj_get_info_by_fd: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  bpf_object__close: { parameters: ["pointer"], result: "void" },
  bpf_object__find_map_by_name: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_object__find_map_fd_by_name: { parameters: ["pointer", "buffer"], result: "i32" },
  bpf_object__find_program_by_name: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_object__load: { parameters: ["pointer"], result: "i32" },
  bpf_object__open_file: { parameters: ["buffer", "pointer"], result: "pointer" },
  bpf_prog_attach: { parameters: ["i32", "i32", "u32", "u32"], result: "i32" },
  bpf_prog_detach2: { parameters: ["i32", "i32", "u32"], result: "i32" },
  bpf_prog_get_fd_by_id: { parameters: ["u32"], result: "i32" },
  bpf_prog_query: {
    parameters: ["i32", "u32", "u32", "pointer", "buffer", "buffer"],
    result: "i32",
  },
  bpf_program__attach: { parameters: ["pointer"], result: "pointer" },
  bpf_program__attach_cgroup: { parameters: ["pointer", "i32"], result: "pointer" },
  bpf_program__set_autoload: { parameters: ["pointer", "bool"], result: "i32" },
  bpf_program__fd: { parameters: ["pointer"], result: "i32" },
  libbpf_set_print: { parameters: ["function"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The loaded library's functions. */
export type Libbpf = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/**
 * Loads libbpf.
 *
 * @throws {Error} of the dynamic loader if it is not installed or lacks a function
 */
export function loadLibbpf(): Libbpf {
  return Deno.dlopen("libbpf.so.1", SYMBOLS).symbols;
}
