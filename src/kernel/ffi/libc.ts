/**
 * The C library functions that the kernel role calls. All of them synchronous: the role is one
 * thread that blocks in `epoll_wait` alone.
 *
 * @module
 */

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  accept4: { parameters: ["i32", "pointer", "pointer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  chmod: { parameters: ["buffer", "u32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  closedir: { parameters: ["pointer"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  geteuid: { parameters: [], result: "u32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  mkdir: { parameters: ["buffer", "u32"], result: "i32" },
  mmap: { parameters: ["pointer", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  open_by_handle_at: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  opendir: { parameters: ["buffer"], result: "pointer" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  readdir: { parameters: ["pointer"], result: "pointer" },
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  rmdir: { parameters: ["buffer"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  stat: { parameters: ["buffer", "buffer"], result: "i32" },
  strerror: { parameters: ["i32"], result: "pointer" },
  sysconf: { parameters: ["i32"], result: "i64" },
  // syscall(2) with the arguments of bpf(2), which libbpf 1.1 has no function for in every case.
  syscall: { parameters: ["i64", "i64", "buffer", "usize"], result: "i64" },
  // The same, for calls that take numbers alone.
  syscall_numbers: {
    name: "syscall",
    parameters: ["i64", "i64", "i64", "i64"],
    result: "i64",
  },
  unlink: { parameters: ["buffer"], result: "i32" },
  vsnprintf: { parameters: ["buffer", "usize", "pointer", "pointer"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The C library; loaded with the module, since nothing works without it. */
export const libc = Deno.dlopen("libc.so.6", SYMBOLS).symbols;

const errnoView = new Deno.UnsafePointerView(notNull(libc.__errno_location()));

/** The calling thread's `errno`; meaningful right after a failed call only. */
export function errno(): number {
  return errnoView.getInt32();
}

/** Text of an error number, as strerror(3) has it. */
export function strerror(code: number): string {
  return new Deno.UnsafePointerView(notNull(libc.strerror(code))).getCString();
}

/**
 * @throws {TypeError} if a call that cannot return NULL did
 */
export function notNull(pointer: Deno.PointerValue): Deno.PointerObject {
  if (pointer === null) throw new TypeError("NULL from the C library");
  return pointer;
}
