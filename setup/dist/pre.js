// Made by `deno task bundle:action` from src/action/pre.ts.
// src/action/pre.ts
import { arch, env as env2, platform } from "node:process";

// src/action/as_root.ts
import { spawn } from "node:child_process";
import { getuid } from "node:process";
var SUDO = "/usr/bin/sudo";
var SHELL = "/bin/sh";
function asRoot(script, options) {
  const shell = [
    SHELL,
    "-c",
    script,
    "egress",
    ...options.args ?? []
  ];
  const [file = "", ...args] = getuid?.() === 0 ? shell : [
    SUDO,
    "-n",
    "--",
    ...shell
  ];
  const child = spawn(file, args, {
    stdio: "pipe",
    timeout: options.timeout
  });
  return finish(child, options);
}
function finish(child, { stdin, onLine }) {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    let unsaid = "";
    child.stdout?.setEncoding("utf8").on("data", (text2) => stdout += text2);
    child.stderr?.setEncoding("utf8").on("data", (text2) => {
      stderr += text2;
      const lines = (unsaid + text2).split("\n");
      unsaid = lines.pop() ?? "";
      for (const line of lines) onLine?.(line);
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (unsaid !== "") onLine?.(unsaid);
      resolve({
        code: code ?? 255,
        stdout,
        stderr
      });
    });
    child.stdin?.on("error", () => {
    });
    child.stdin?.end(stdin ?? "");
  });
}

// src/action/commands.ts
function formatAnnotation({ level, message, ...place }) {
  const properties = [
    "title",
    "file",
    "line",
    "col"
  ].flatMap((key) => place[key] === void 0 ? [] : [
    `${key}=${escapeProperty(place[key])}`
  ]).join(",");
  return `::${level}${properties === "" ? "" : ` ${properties}`}::${escapeData(message)}`;
}
function formatMask(secret) {
  return `::add-mask::${escapeData(secret)}`;
}
function plainLine(text2) {
  const line = withoutControls(text2).replaceAll("##[", "## [");
  return /^\s*::/.test(line) ? `. ${line}` : line;
}
function withoutControls(text2) {
  return text2.replace(CONTROLS, "\uFFFD");
}
var CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
function escapeData(text2) {
  return text2.replaceAll("##[", "## [").replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
function escapeProperty(value) {
  return escapeData(String(value)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

// src/action/errors.ts
var HookError = class extends Error {
  annotations;
  name;
  /** @param annotations absent: the message itself */
  constructor(message, annotations, options) {
    super(message, options), this.annotations = annotations, this.name = "HookError";
  }
};
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const more = error instanceof TypeError && cause instanceof Error;
  return more ? `${error.message}: ${cause.message}` : error.message;
}

// src/action/executable.ts
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// src/protocol/version.ts
var VERSION = "0.1.0";

// src/action/download.ts
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
var MAX_SIZE = 512 * 1024 * 1024;
var ATTEMPTS = 3;
var PATIENCE = 12e4;
var DownloadError = class extends Error {
  name = "DownloadError";
};
function download(base, assets) {
  return Promise.all(assets.map((asset) => fetchOne(`${base}/${asset.name}`, asset)));
}
async function fetchOne(url, asset) {
  const bytes = await withRetries(url);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== asset.sha256) {
    throw new DownloadError(`${url} has the SHA-256 ${sha256}, not ${asset.sha256} as setup/deps.sha256 says: not used`);
  }
  return bytes;
}
async function withRetries(url) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await get(url);
    } catch (error) {
      if (attempt < ATTEMPTS && !(error instanceof DownloadError)) continue;
      throw new DownloadError(`cannot fetch ${url}: ${reasonOf(error)}`, {
        cause: error
      });
    }
  }
}
async function get(url) {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(PATIENCE)
  });
  if (!response.ok) {
    await response.body?.cancel();
    const message = `the answer was ${response.status}`;
    throw response.status < 500 ? new DownloadError(message) : new Error(message);
  }
  const chunks = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_SIZE) throw new DownloadError(`it has more than ${MAX_SIZE} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

// src/action/manifest.ts
var ARCHIVE = "egress-linux-x64.tar.gz";
function parseManifest(text2) {
  const assets = [];
  for (const [index, line] of text2.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const match = /^([0-9a-f]{64}) [ *]([A-Za-z0-9][A-Za-z0-9._-]{0,99})$/.exec(line);
    if (!match) throw new Error(`setup/deps.sha256, line ${index + 1}, is not "SHA256  NAME"`);
    const [, sha256 = "", name = ""] = match;
    if (assets.some((asset) => asset.name === name)) {
      throw new Error(`setup/deps.sha256, line ${index + 1}: ${name} is there twice`);
    }
    assets.push({
      name,
      sha256
    });
  }
  if (assets.length > 0 && !assets.some((asset) => asset.name === ARCHIVE)) {
    throw new Error(`setup/deps.sha256 names files, but not ${ARCHIVE}`);
  }
  return assets;
}

// src/action/executable.ts
var FOLDER = `/opt/egress/${VERSION}`;
var INSTALL = `
set -eu
umask 022
mkdir -p -- "$1"
cat > "$1/$2.new"
echo "$3  $1/$2.new" | sha256sum --check --status
mv -f -- "$1/$2.new" "$1/$2"
[ -n "$4" ] || exit 0
rm -rf -- "$1/$4.new" "$1/$4"
mkdir -- "$1/$4.new"
tar -xzf "$1/$2" -C "$1/$4.new" --strip-components=1 --no-same-owner
mv -- "$1/$4.new" "$1/$4"
`;
var UNPACKED = "unpacked";
var PATIENCE2 = 6e4;
var CHECKOUT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
async function provideExecutable(env3) {
  try {
    const assets = readManifest();
    if (assets.length > 0) await install(await download(releaseUrl(env3), assets), assets, FOLDER);
    return launcherOf(assets);
  } catch (error) {
    throw new HookError(`egress cannot be had: ${reasonOf(error)}`, void 0, {
      cause: error
    });
  }
}
function launcherOf(assets) {
  return assets.length === 0 ? `${CHECKOUT}/egress` : `${FOLDER}/${UNPACKED}/egress`;
}
function readManifest() {
  return parseManifest(readFileSync(`${CHECKOUT}/setup/deps.sha256`, "utf8"));
}
function releaseUrl(env3) {
  const { GITHUB_SERVER_URL: server, GITHUB_ACTION_REPOSITORY: repository } = env3;
  return `${server}/${repository}/releases/download/v${VERSION}`;
}
async function install(contents, assets, folder) {
  for (const [index, { name, sha256 }] of assets.entries()) {
    const ended = await asRoot(INSTALL, {
      args: [
        folder,
        name,
        sha256,
        name === ARCHIVE ? UNPACKED : ""
      ],
      stdin: contents[index],
      timeout: PATIENCE2
    });
    if (ended.code !== 0) throw new Error(`${name} could not be installed: ${ended.stderr.trim()}`);
  }
  return `${folder}/${UNPACKED}/egress`;
}

// src/action/guard_status.ts
function toGuardStatus(value) {
  const status = value;
  const ok = typeof status === "object" && status !== null && typeof status.id === "string" && typeof status.mode === "string" && Number.isSafeInteger(status.uptime_s) && Number.isSafeInteger(status.allowed) && Number.isSafeInteger(status.blocked) && typeof status.sudo === "string" && typeof status.control === "string" && (status.log === void 0 || typeof status.log === "string");
  if (!ok) throw new Error("the guard's status cannot be understood");
  return status;
}
function statusLine(status) {
  const { mode, closed_reason, sudo, allowed, blocked, control } = status;
  const why = closed_reason === void 0 ? "" : ` (${closed_reason})`;
  return `egress guards this machine: ${mode}${why}, sudo ${sudo}, orders from ${control}; ${allowed} allowed, ${blocked} ${mode === "audit" ? "would be blocked" : "blocked"} so far`;
}

// src/action/hook.ts
import process from "node:process";
function say(text2) {
  console.log(plainLine(text2));
}
function annotate(annotations) {
  for (const annotation of annotations) console.log(formatAnnotation(annotation));
}
function fail(...annotations) {
  annotate(annotations);
  process.exitCode = 1;
}
async function runHook(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof HookError) {
      fail(...error.annotations ?? [
        {
          level: "error",
          title: "egress",
          message: error.message
        }
      ]);
      return;
    }
    const message = error instanceof Error ? error.stack ?? error.message : String(error);
    fail({
      level: "error",
      title: "egress",
      message: `a defect in egress: ${message}`
    });
  }
}

// src/action/inputs.ts
var INPUT_DEFAULTS = {
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
  "allow-unsupported": "false"
};
var MAX_POLICY = 512 * 1024;
function parseInputs(env3) {
  const reader = new Reader(env3);
  const audit = reader.flag("audit");
  const inputs = {
    policy: readPolicy(reader, audit),
    audit,
    allowSudo: reader.flag("allow-sudo"),
    socketSecurity: reader.choice("socket-security", {
      false: "off",
      true: "lenient",
      strict: "strict"
    }),
    containerCerts: reader.flag("container-certs"),
    ...readContainers(reader),
    githubToken: readToken(reader),
    foreignTokens: reader.choice("foreign-tokens", {
      allow: "allow",
      deny: "deny"
    }),
    uploadLog: reader.choice("upload-log", {
      auto: "auto",
      true: "always",
      false: "never"
    }),
    failOnBlock: reader.flag("fail-on-block"),
    summary: reader.flag("summary"),
    selfTest: reader.flag("self-test"),
    allowUnsupported: reader.flag("allow-unsupported")
  };
  return reader.problems.length > 0 ? {
    problems: reader.problems
  } : {
    inputs
  };
}
var Reader = class {
  problems = [];
  #env;
  constructor(env3) {
    this.#env = env3;
  }
  /** The value; the runner passes an input that was left out as its default, other starters not at all. */
  text(name) {
    const value = this.#env[`INPUT_${name.toUpperCase()}`];
    if (value !== void 0) return value;
    const fallback = INPUT_DEFAULTS[name];
    return fallback.startsWith("${{") ? "" : fallback;
  }
  /** true or false in a way that YAML 1.2's core schema knows; blank is the default. */
  flag(name) {
    return this.choice(name, {
      true: true,
      false: false
    });
  }
  choice(name, choices) {
    const value = this.text(name).trim() || INPUT_DEFAULTS[name];
    const lower = value.toLowerCase();
    if (Object.hasOwn(choices, lower)) return choices[lower];
    const known = Object.keys(choices);
    this.wrong(name, `is ${list(known)}, not ${shown(value)}`);
    return choices[known[0]];
  }
  wrong(input, what) {
    this.problems.push({
      input,
      message: `\`${input}\` ${what}.`
    });
  }
};
function readPolicy(reader, audit) {
  const text2 = reader.text("policy");
  const path = reader.text("policy-file").trim();
  if (text2.trim() !== "" && path !== "") {
    reader.wrong("policy-file", "and `policy` exclude each other: give one of them");
  } else if (path !== "") {
    if (isPath(path)) return {
      from: "file",
      path
    };
    reader.wrong("policy-file", `is the path of a file from the repository's root, without "." and "..", not ${shown(path)}`);
  } else if (text2.trim() === "") {
    if (!audit) {
      reader.wrong("policy", "is missing: give `policy` or `policy-file`, or watch with `audit`");
    }
    return {
      from: "none"
    };
  } else if (text2.length > MAX_POLICY) {
    reader.wrong("policy", `has ${text2.length} characters; at most ${MAX_POLICY} are taken`);
  } else if (text2.includes("\0")) reader.wrong("policy", "has a NUL character");
  return {
    from: "text",
    text: text2
  };
}
function isPath(path) {
  if (path.length > 1024 || /[\x00-\x1f\x7f\\]/.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
function readContainers(reader) {
  const lines = reader.text("containers").split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  const [first = ""] = lines;
  const mode = [
    "guard",
    "off",
    "deny"
  ].find((name) => name === first.toLowerCase());
  const allow = mode === void 0 ? lines : lines.slice(1);
  const wrong = allow.find((line) => !/^allow:\s*\S/.test(line) || line.includes("\0"));
  if (wrong !== void 0) {
    reader.wrong("containers", `is guard, off or deny, then lines of "allow: ...", not ${shown(wrong)}`);
  }
  return {
    ...mode !== void 0 && {
      containers: mode
    },
    containerAllow: allow
  };
}
function readToken(reader) {
  const token = reader.text("github-token").trim();
  if (token !== "" && !/^[\x21-\x7e]{8,4096}$/.test(token)) {
    reader.wrong("github-token", "is a token: 8 or more printable characters without blanks");
  }
  return token;
}
function shown(value) {
  const text2 = JSON.stringify(value);
  return text2.length <= 80 ? text2 : `${text2.slice(0, 79)}\u2026`;
}
function list(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

// src/action/place.ts
import { readFileSync as readFileSync2, readlinkSync } from "node:fs";
import { getuid as getuid2, ppid } from "node:process";

// src/github/runner_defaults.ts
var RUNNER_CGROUP = "/system.slice/hosted-compute-agent.service";
var RUNNER_WORKER = "/home/runner/actions-runner/cached/bin/Runner.Worker";

// src/action/place.ts
function unreachable(repository, allowSudo) {
  if (repository === "") {
    return "this action is used from the job's own checkout (`uses: ./`), so the runner does not say whose steps may give the guard orders; use it as `OWNER/egress@REF`";
  }
  if (underWorker() || allowSudo || getuid2?.() === 0) return void 0;
  return `the runner's worker is not ${RUNNER_WORKER} in ${RUNNER_CGROUP}, so only root could end the guard; keep sudo with \`allow-sudo: true\``;
}
function underWorker() {
  for (let pid = ppid; pid > 1; pid = parentOf(pid)) {
    if (isWorker(pid)) return true;
  }
  return false;
}
function isWorker(pid) {
  try {
    const [, cgroup = ""] = /^0::(.*)$/m.exec(readFileSync2(`/proc/${pid}/cgroup`, "utf8")) ?? [];
    return readlinkSync(`/proc/${pid}/exe`) === RUNNER_WORKER && (cgroup === RUNNER_CGROUP || cgroup.startsWith(`${RUNNER_CGROUP}/`));
  } catch {
    return false;
  }
}
function parentOf(pid) {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync2(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

// src/action/platform.ts
function unsupported({ os, arch: arch2, env: env3 }) {
  const wrong = [];
  if (os !== "linux") wrong.push(`the operating system is ${os}, not linux`);
  if (arch2 !== "x64") wrong.push(`the processor is ${arch2}, not x64`);
  const runner = env3["RUNNER_ENVIRONMENT"] || "unknown";
  if (runner !== "github-hosted") wrong.push(`the runner is ${runner}, not github-hosted`);
  const image = env3["ImageOS"] || "unknown";
  if (image !== "ubuntu24") wrong.push(`the image is ${image}, not ubuntu24`);
  return wrong;
}

// src/action/repository.ts
var PATIENCE3 = 3e4;
var MAX_FILE = 512 * 1024;
async function readFromCommit(path, sha, env3, token) {
  const { GITHUB_API_URL: api, GITHUB_REPOSITORY: repository } = env3;
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  const response = await fetch(`${api}/repos/${repository}/contents/${encoded}?ref=${sha}`, {
    headers: {
      accept: "application/vnd.github.raw+json",
      "x-github-api-version": "2022-11-28",
      "user-agent": "egress-action",
      ...token !== "" && {
        authorization: `Bearer ${token}`
      }
    },
    signal: AbortSignal.timeout(PATIENCE3)
  });
  const text2 = await response.text();
  if (response.status === 404) {
    throw new Error("it is not there, or `github-token` lacks the permission contents: read");
  }
  if (!response.ok) throw new Error(`GitHub's API answered ${response.status}`);
  if (response.headers.get("content-type")?.startsWith("application/json")) {
    throw new Error("it is a folder");
  }
  if (text2.length > MAX_FILE) throw new Error(`it has more than ${MAX_FILE} characters`);
  return text2;
}

// src/action/policy.ts
async function readPolicy2(source, env3, token) {
  if (source.from === "none") return "";
  if (source.from === "text") return source.text;
  try {
    return await readFromCommit(source.path, env3["GITHUB_SHA"] ?? "", env3, token);
  } catch (error) {
    throw new HookError(`\`policy-file\`: cannot read ${source.path} of commit ${env3["GITHUB_SHA"]}: ${reasonOf(error)}`, void 0, {
      cause: error
    });
  }
}

// src/action/runner_files.ts
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { env } from "node:process";
function formatEntry(name, value, delimiter) {
  if (value.includes(delimiter) || name.includes(delimiter)) {
    throw new Error("the delimiter stands in the value");
  }
  return `${name}<<${delimiter}
${value}
${delimiter}
`;
}
function tell(file, values) {
  const text2 = Object.entries(values).map(([name, value]) => formatEntry(name, value, `egress_${randomUUID()}`));
  append(file, text2.join(""));
}
function append(file, text2) {
  const path = env[file];
  if (!path) throw new Error(`${file} is not set: the hooks are started by a GitHub runner`);
  appendFileSync(path, text2);
}

// src/protocol/ca_variables.ts
var CA_VARIABLES = [
  "SSL_CERT_FILE",
  "CURL_CA_BUNDLE",
  "REQUESTS_CA_BUNDLE",
  "PIP_CERT",
  "NODE_EXTRA_CA_CERTS",
  "GIT_SSL_CAINFO",
  "AWS_CA_BUNDLE",
  "CARGO_HTTP_CAINFO",
  "DENO_CERT",
  "HEX_CACERTS_PATH",
  "NIX_SSL_CERT_FILE",
  "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
  "HTTPLIB2_CA_CERTS",
  "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
  "BUNDLE_SSL_CA_CERT",
  "COMPOSER_CAFILE"
];

// src/protocol/control.ts
var MAX_CONTROL_LINE = 1024 * 1024;

// src/protocol/frame.ts
var MAX_FRAME = 16 * 1024 * 1024;
var utf8 = new TextEncoder();
var text = new TextDecoder("utf-8", {
  fatal: true
});

// src/protocol/log.ts
var ORDER = [
  "ts",
  "type",
  "policy",
  "reason",
  "dst_ip",
  "dst_port",
  "host",
  "method",
  "url",
  "name",
  "answers",
  "ttl",
  "status",
  "rule",
  "rule_line",
  "hint",
  "passthrough",
  "insecure",
  "error",
  "security_block",
  "purl",
  "reasons",
  "github_token",
  "src_port",
  "pid",
  "exe",
  "cmdline",
  "cgroup",
  "step",
  "action",
  "image",
  "ancestry",
  "pwd",
  "target_user",
  "alpn",
  "conn",
  "bytes_up",
  "bytes_down",
  "duration_ms",
  "count",
  "message",
  "run",
  "version",
  "mode",
  "policy_sha256",
  "allowed",
  "denied",
  "errors",
  "gate_passed",
  "gate_dropped",
  // The chain's own come last, whatever is added.
  "prev",
  "sig"
];
var PLACES = new Map(ORDER.map((key, place) => [
  key,
  place
]));

// src/action/policy_problems.ts
var LINE = /^-:(\d+):(\d+): (error|warning)\[([a-z0-9-]+)\]: (.*)$/;
function policyProblems(lines, source) {
  const found = [];
  for (const text2 of lines) {
    const match = LINE.exec(text2);
    if (!match) continue;
    const [, line, col, level, code, message] = match;
    const inFile = source.from === "file";
    found.push({
      level: level === "warning" ? "warning" : "error",
      title: `egress policy: ${code}`,
      message: inFile ? message : `line ${line} of the policy, column ${col}: ${message}`,
      ...inFile && {
        file: source.path,
        line: Number(line),
        col: Number(col)
      }
    });
  }
  return found;
}

// src/action/start_arguments.ts
function startArguments(inputs, repository) {
  const { socketSecurity: security, containers } = inputs;
  return [
    ...[
      "--json",
      "--repo",
      repository
    ],
    ...inputs.audit ? [
      "--audit"
    ] : [],
    ...inputs.allowSudo ? [
      "--allow-sudo"
    ] : [],
    ...security === "lenient" ? [
      "--package-security"
    ] : [],
    ...security === "strict" ? [
      "--package-security=strict"
    ] : [],
    ...inputs.containerCerts ? [] : [
      "--no-container-certs"
    ],
    ...containers === void 0 ? [] : [
      "--containers",
      containers
    ],
    ...inputs.containerAllow.flatMap((line) => [
      "--container-allow",
      line
    ]),
    ...inputs.foreignTokens === "deny" ? [
      "--foreign-tokens",
      "deny"
    ] : []
  ];
}
function jobTokens(inputs, env3) {
  const found = [
    inputs.githubToken,
    env3["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] ?? "",
    env3["ACTIONS_RUNTIME_TOKEN"] ?? ""
  ];
  return [
    ...new Set(found)
  ].filter((token) => /^[\x21-\x7e]{8,}$/.test(token));
}

// src/action/start.ts
var LOGS = "/var/log/egress";
var START = `
set -euf
umask 077
exe=$1 logs=$2 oidc=$3
shift 3
folder=$(mktemp -d /run/egress-start.XXXXXX)
trap 'rm -rf -- "$folder"' EXIT
IFS= read -r tokens
if [ -n "$tokens" ]; then
  printf '%s\\n' $tokens > "$folder/tokens"
  set -- "$@" --github-token-file "$folder/tokens"
fi
: > "$folder/env"
umask 022
mkdir -p -- "$logs"
log=$logs/$(od -An -N8 -tx8 /dev/urandom | tr -d ' ').jsonl
[ -z "$oidc" ] || export ACTIONS_ID_TOKEN_REQUEST_URL="$oidc"
"$exe" start --policy - --log "$log" --github-env "$folder/env" "$@"
cat "$folder/env"
`;
var PATIENCE4 = 3e5;
async function startGuard(executable, policy, inputs, env3) {
  const ended = await asRoot(START, {
    args: [
      ...[
        executable,
        LOGS,
        env3["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? ""
      ],
      ...startArguments(inputs, env3["GITHUB_REPOSITORY"] ?? "")
    ],
    stdin: `${jobTokens(inputs, env3).join(" ")}
${policy}`,
    timeout: PATIENCE4,
    onLine: say
  });
  if (ended.code !== 0) throw failure(ended, inputs);
  const [first = "", ...rest] = ended.stdout.split("\n");
  return {
    status: toGuardStatus(JSON.parse(first)),
    environment: toEnvironment(rest)
  };
}
function failure({ code, stderr }, inputs) {
  const lines = stderr.split("\n").filter((line) => line !== "");
  const problems = policyProblems(lines, inputs.policy);
  if (code === 1 && problems.length > 0) return new HookError("the policy is not valid", problems);
  const last = lines.slice(-3).join("; ");
  return new HookError(`egress could not start (exit status ${code}): ${last}`);
}
function toEnvironment(lines) {
  const known = new Set(CA_VARIABLES);
  return Object.fromEntries(lines.flatMap((line) => {
    const at = line.indexOf("=");
    const name = line.slice(0, at);
    return at > 0 && known.has(name) ? [
      [
        name,
        line.slice(at + 1)
      ]
    ] : [];
  }));
}

// src/action/pre.ts
var SELF_TEST_PATIENCE = 3e5;
await runHook(async () => {
  const inputs = readInputs();
  requirePlatform(inputs.allowUnsupported);
  const why = unreachable(env2["GITHUB_ACTION_REPOSITORY"] ?? "", inputs.allowSudo);
  if (why !== void 0) throw new HookError(why);
  const [executable, policy] = await Promise.all([
    provideExecutable(env2),
    readPolicy2(inputs.policy, env2, inputs.githubToken)
  ]);
  if (inputs.selfTest) await selfTest(executable);
  const { status, environment } = await startGuard(executable, policy, inputs, env2);
  tell("GITHUB_STATE", {
    started: status.id,
    ...status.log && {
      log: status.log
    }
  });
  tell("GITHUB_ENV", environment);
  say(statusLine(status));
});
function readInputs() {
  const parsed = parseInputs(env2);
  if ("inputs" in parsed) {
    if (parsed.inputs.githubToken !== "") console.log(formatMask(parsed.inputs.githubToken));
    return parsed.inputs;
  }
  throw new HookError("the inputs are not valid", parsed.problems.map(({ input, message }) => ({
    level: "error",
    title: `egress input: ${input}`,
    message
  })));
}
function requirePlatform(allowUnsupported) {
  const wrong = unsupported({
    os: platform,
    arch,
    env: env2
  });
  if (wrong.length === 0) return;
  const message = `egress is made for GitHub-hosted Ubuntu 24.04 x64 runners; ${wrong.join("; ")}`;
  if (!allowUnsupported) {
    throw new HookError(`${message}. To try nevertheless: \`allow-unsupported: true\`.`);
  }
  annotate([
    {
      level: "warning",
      title: "egress",
      message
    }
  ]);
}
async function selfTest(executable) {
  const { code } = await asRoot('exec "$1" doctor --attack', {
    args: [
      executable
    ],
    timeout: SELF_TEST_PATIENCE,
    onLine: say
  });
  if (code === 0) return say("egress: the self-test found no way past the guard");
  throw new HookError(`the self-test failed (exit status ${code}): nothing was started`);
}
