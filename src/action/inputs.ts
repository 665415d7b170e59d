/**
 * What the workflow said with `with:`, validated into one typed object. Pure.
 *
 * @module
 */

/** The inputs of action.yml. */
export interface Inputs {
  policy: PolicySource;
  audit: boolean;
  allowSudo: boolean;
  socketSecurity: "off" | "lenient" | "strict";
  containerCerts: boolean;
  /** Absent: what `egress start` takes by default. */
  containers?: "guard" | "off" | "deny";
  /** Lines of `allow: ...`. */
  containerAllow: string[];
  /** Empty: none is known. */
  githubToken: string;
  foreignTokens: "allow" | "deny";
  uploadLog: "auto" | "always" | "never";
  failOnBlock: boolean;
  summary: boolean;
  selfTest: boolean;
  allowUnsupported: boolean;
}

/** Where the policy is: `none` only when auditing. */
export type PolicySource =
  | { from: "text"; text: string }
  | { from: "file"; path: string }
  | { from: "none" };

/** A mistake in one input. */
export interface InputProblem {
  input: string;
  /** One sentence: what is wrong and what to write. */
  message: string;
}

/** Names of the inputs with their defaults as action.yml has them; the runner puts an expression's value in. */
export const INPUT_DEFAULTS = {
  policy: "",
  "policy-file": "",
  audit: "false",
  "allow-sudo": "false",
  "socket-security": "false",
  "container-certs": "true",
  containers: "",
  "github-token": "${{ github.token }}",
  "foreign-tokens": "allow",
  "upload-log": "auto",
  "fail-on-block": "false",
  summary: "true",
  "self-test": "false",
  "allow-unsupported": "false",
} as const;

type InputName = keyof typeof INPUT_DEFAULTS;

/** Longest policy, UTF-16 units: a reload through the control socket takes 1 MiB. */
const MAX_POLICY = 512 * 1024;

/**
 * Reads INPUT_* variables.
 *
 * @param env the hook's environment
 * @returns the inputs, or every mistake
 */
export function parseInputs(
  env: Record<string, string | undefined>,
): { inputs: Inputs } | { problems: InputProblem[] } {
  const reader = new Reader(env);
  const audit = reader.flag("audit");
  const inputs: Inputs = {
    policy: readPolicy(reader, audit),
    audit,
    allowSudo: reader.flag("allow-sudo"),
    socketSecurity: reader.choice("socket-security", {
      false: "off",
      true: "lenient",
      strict: "strict",
    }),
    containerCerts: reader.flag("container-certs"),
    ...readContainers(reader),
    githubToken: readToken(reader),
    foreignTokens: reader.choice("foreign-tokens", { allow: "allow", deny: "deny" }),
    uploadLog: reader.choice("upload-log", { auto: "auto", true: "always", false: "never" }),
    failOnBlock: reader.flag("fail-on-block"),
    summary: reader.flag("summary"),
    selfTest: reader.flag("self-test"),
    allowUnsupported: reader.flag("allow-unsupported"),
  };
  return reader.problems.length > 0 ? { problems: reader.problems } : { inputs };
}

/** Reads single inputs and collects what is wrong. */
class Reader {
  readonly problems: InputProblem[] = [];
  readonly #env: Record<string, string | undefined>;

  constructor(env: Record<string, string | undefined>) {
    this.#env = env;
  }

  /** The value; the runner passes an input that was left out as its default, other starters not at all. */
  text(name: InputName): string {
    const value = this.#env[`INPUT_${name.toUpperCase()}`];
    if (value !== undefined) return value;
    const fallback: string = INPUT_DEFAULTS[name];
    return fallback.startsWith("${{") ? "" : fallback;
  }

  /** true or false in a way that YAML 1.2's core schema knows; blank is the default. */
  flag(name: InputName): boolean {
    return this.choice(name, { true: true, false: false });
  }

  choice<T>(name: InputName, choices: Record<string, T>): T {
    const value = this.text(name).trim() || INPUT_DEFAULTS[name];
    const lower = value.toLowerCase();
    if (Object.hasOwn(choices, lower)) return choices[lower]!;
    const known = Object.keys(choices);
    this.wrong(name, `is ${list(known)}, not ${shown(value)}`);
    return choices[known[0]!]!;
  }

  wrong(input: InputName, what: string): void {
    this.problems.push({ input, message: `\`${input}\` ${what}.` });
  }
}

function readPolicy(reader: Reader, audit: boolean): PolicySource {
  const text = reader.text("policy");
  const path = reader.text("policy-file").trim();
  if (text.trim() !== "" && path !== "") {
    reader.wrong("policy-file", "and `policy` exclude each other: give one of them");
  } else if (path !== "") {
    if (isPath(path)) return { from: "file", path };
    reader.wrong(
      "policy-file",
      `is the path of a file from the repository's root, without "." and "..", not ${shown(path)}`,
    );
  } else if (text.trim() === "") {
    if (!audit) {
      reader.wrong("policy", "is missing: give `policy` or `policy-file`, or watch with `audit`");
    }
    return { from: "none" };
  } else if (text.length > MAX_POLICY) {
    reader.wrong("policy", `has ${text.length} characters; at most ${MAX_POLICY} are taken`);
  } else if (text.includes("\0")) reader.wrong("policy", "has a NUL character");
  return { from: "text", text };
}

function isPath(path: string): boolean {
  // deno-lint-ignore no-control-regex
  if (path.length > 1024 || /[\x00-\x1f\x7f\\]/.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function readContainers(reader: Reader): Pick<Inputs, "containers" | "containerAllow"> {
  const lines = reader.text("containers").split(/\r?\n/).map((line) => line.trim())
    .filter((line) => line !== "");
  const [first = ""] = lines;
  const mode = (["guard", "off", "deny"] as const).find((name) => name === first.toLowerCase());
  const allow = mode === undefined ? lines : lines.slice(1);
  const wrong = allow.find((line) => !/^allow:\s*\S/.test(line) || line.includes("\0"));
  if (wrong !== undefined) {
    reader.wrong(
      "containers",
      `is guard, off or deny, then lines of "allow: ...", not ${shown(wrong)}`,
    );
  }
  return { ...(mode !== undefined && { containers: mode }), containerAllow: allow };
}

/** It goes to `egress start` on a line of its own. */
function readToken(reader: Reader): string {
  const token = reader.text("github-token").trim();
  // What it holds is not shown.
  if (token !== "" && !/^[\x21-\x7e]{8,4096}$/.test(token)) {
    reader.wrong("github-token", "is a token: 8 or more printable characters without blanks");
  }
  return token;
}

/** A value for a message: short, on one line. */
function shown(value: string): string {
  const text = JSON.stringify(value);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

function list(words: string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
