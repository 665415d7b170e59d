/**
 * What GitHub-hosted runners need besides the job's own policy (policy-language.md, section 8).
 *
 * @module
 */

/** Rules that are put in front of the user's, as policy text; each as narrow as it can be. */
export const RUNNER_RULES = `# the local resolver; names are still judged
127.0.0.53:53/udp
# the virtual machine's agent
168.63.129.16:80|32526 cgroup=/azure.slice/walinuxagent.service
169.254.169.254:80 cgroup=/azure.slice/walinuxagent.service
# status of the job
results-receiver.actions.githubusercontent.com
# the machine's watchdog
hosted-compute-watchdog-prod-*.githubapp.com exe=/tmp/provjobd*
`;

/** Where a job's own processes are; every rule without a cgroup of its own gets this one. */
export const RUNNER_CGROUP = "/system.slice/hosted-compute-agent.service";

/** The executable of the process whose children are a job's steps. */
export const RUNNER_WORKER = "/home/runner/actions-runner/cached/bin/Runner.Worker";

/** The runner's own programs and credentials: no container may get them. */
export const RUNNER_FOLDER = "/home/runner/actions-runner";

/** What the runner itself mounts into containers of jobs, read-only: its Node. */
export const RUNNER_READABLE = ["/home/runner/actions-runner/cached/externals"];
