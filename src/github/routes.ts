/**
 * Which scope of the workflow token each route of GitHub's REST API needs.
 *
 * Source: "Permissions required for GitHub Apps" and "Permissions for the GITHUB_TOKEN" in
 * docs.github.com, reduced to the prefix where the answer is decided.
 *
 * @module
 */

/** How much of a scope a request needs. */
export type Access = "read" | "write";

/** One row: the first whose pattern and method fit decides. */
export interface Route {
  /** `{}` is one segment; `*` at the end any rest, also none. */
  pattern: string;
  /**
   * A token scope; null: any token may; undefined: no scope of a workflow token is enough (for
   * instance, repository administration).
   */
  scope: string | null | undefined;
  /** Only these methods; absent: all. */
  methods?: readonly string[];
  /** Absent: GET and HEAD read, everything else writes. */
  access?: Access;
}

const READ = ["GET", "HEAD"] as const;

/** Rows below `/repos/{owner}/{repo}`, narrow ones first. */
const REPOSITORY: readonly Route[] = [
  ...below("contents", [
    "contents/*",
    "git/*",
    "compare/*",
    "merges",
    "merge-upstream",
    "dispatches",
    "releases/*",
    "readme/*",
    "zipball/*",
    "tarball/*",
    "comments/*",
    "dependency-graph/*",
    "codeowners/errors",
    "community/profile",
    "activity",
  ]),
  ...below("statuses", ["commits/{}/status", "commits/{}/statuses", "statuses/*"]),
  ...below("checks", [
    "commits/{}/check-runs",
    "commits/{}/check-suites",
    "check-runs/*",
    "check-suites/*",
  ]),
  { pattern: "pulls/{}/merge", scope: "contents" },
  ...below("pull-requests", ["commits/{}/pulls", "pulls/*"]),
  ...below("contents", ["commits/*"]),
  ...below(undefined, ["branches/{}/protection/*"]),
  ...below("contents", ["branches/*"]),
  ...below("issues", ["issues/*", "labels/*", "milestones/*", "assignees/*"]),
  { pattern: "actions/runs/{}/pending_deployments", scope: "deployments", methods: ["POST"] },
  { pattern: "actions/runs/{}/deployment_protection_rule", scope: "deployments" },
  ...below(undefined, [
    "actions/permissions/*",
    "actions/runners/*",
    "actions/secrets/*",
    "actions/variables/*",
    "actions/organization-secrets",
    "actions/organization-variables",
  ]),
  ...below("actions", ["actions/*"]),
  ...below("deployments", ["deployments/*", "environments/*"]),
  ...below("pages", ["pages/*"]),
  ...below("security-events", ["code-scanning/*", "secret-scanning/*", "dependabot/alerts/*"]),
  ...below("attestations", ["attestations/*"]),
  ...below("discussions", ["discussions/*"]),
  ...below("repository-projects", ["projects/*"]),
  ...reading([
    "",
    "tags",
    "languages",
    "contributors",
    "topics",
    "teams",
    "license",
    "stargazers",
    "subscribers",
    "subscription",
    "stats/*",
    "forks",
    "events",
    "collaborators/*",
    "rulesets/*",
    "rules/*",
    "properties/values",
    "network/events",
  ]),
];

/** Everything that is not below one repository. */
const OTHERS: readonly Route[] = [
  ...[
    "/user/packages/*",
    "/users/{}/packages/*",
    "/orgs/{}/packages/*",
    "/orgs/{}/docker/conflicts",
  ]
    .map((pattern) => ({ pattern, scope: "packages" })),
  ...["/users/{}/attestations/*", "/orgs/{}/attestations/*"]
    .map((pattern) => ({ pattern, scope: "attestations" })),
  { pattern: "/orgs/{}/artifacts/*", scope: "artifact-metadata" },
  ...["/projects/*", "/orgs/{}/projects/*", "/users/{}/projects/*"]
    .map((pattern) => ({ pattern, scope: "repository-projects" })),
  ...["/", "/rate_limit", "/meta", "/emojis", "/zen", "/octocat", "/versions", "/feeds", "/events"]
    .map((pattern) => ({ pattern, scope: null, methods: READ })),
  ...["/licenses/*", "/gitignore/*", "/codes_of_conduct/*", "/search/*", "/users/*", "/gists/*"]
    .map((pattern) => ({ pattern, scope: null, methods: READ })),
  ...["/advisories/*", "/repositories", "/organizations", "/orgs/{}", "/orgs/{}/repos"]
    .map((pattern) => ({ pattern, scope: null, methods: READ })),
  { pattern: "/installation/repositories", scope: null, methods: READ },
  { pattern: "/networks/{}/{}/events", scope: null, methods: READ },
  { pattern: "/markdown/*", scope: null },
];

/** A row with its pattern taken apart. */
interface CompiledRoute {
  row: Route;
  /** Segments; null stands for any one. */
  parts: (string | null)[];
  /** Any rest may follow. */
  open: boolean;
}

/** The whole table, in the order in which it is searched. */
const ROUTES: readonly CompiledRoute[] = [
  ...REPOSITORY.map((row) => at("/repos/{}/{}", row)),
  // The numeric alias that redirects of renamed repositories lead to.
  ...REPOSITORY.map((row) => at("/repositories/{}", row)),
  ...OTHERS,
].map(compileRoute);

function below(scope: string | undefined, patterns: readonly string[]): Route[] {
  return patterns.map((pattern) => ({ pattern, scope }));
}

function reading(patterns: readonly string[]): Route[] {
  return patterns.map((pattern) => ({ pattern, scope: null, methods: READ }));
}

function at(prefix: string, row: Route): Route {
  return { ...row, pattern: row.pattern === "" ? prefix : `${prefix}/${row.pattern}` };
}

function compileRoute(row: Route): CompiledRoute {
  const parts = row.pattern.split("/").filter((part) => part !== "");
  const open = parts.at(-1) === "*";
  if (open) parts.pop();
  return { row, parts: parts.map((part) => part === "{}" ? null : part), open };
}

/**
 * The row for a request, or null if none fits.
 *
 * @param method upper case
 * @param segments of the path, decoded, without empty ones
 */
export function findRoute(method: string, segments: readonly string[]): Route | null {
  return ROUTES.find((route) =>
    fits(route, segments) &&
    (route.row.methods === undefined || route.row.methods.includes(method))
  )?.row ?? null;
}

function fits({ parts, open }: CompiledRoute, segments: readonly string[]): boolean {
  if (open ? segments.length < parts.length : segments.length !== parts.length) return false;
  return parts.every((part, index) => part === null || part === segments[index]);
}
