/** The run's CA in containers: who sees it, and that no layer of an image ever does. */
import assert from "node:assert/strict";
import { DockerClient } from "../../src/kernel/containers/docker_client.ts";
import { bootMillis } from "../../src/kernel/sys/clock.ts";
import { Epoll } from "../../src/kernel/sys/epoll.ts";
import { BUSYBOX, DockerWorld, makeCa } from "../support/docker_world.ts";

let world: DockerWorld;
let caText: string;

Deno.test.beforeAll(async () => {
  world = await DockerWorld.create();
  const ca = await makeCa(world.folder);
  caText = (await Deno.readTextFile(ca)).trim();
  const installed = await world.egress("install", "--ca", ca, "--allow", "allow: device");
  assert.equal(installed.status, 0, installed.stderr);
});

Deno.test.afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

async function inside(image: string, script: string, ...options: string[]): Promise<string> {
  const done = await world.docker("run", "--rm", ...options, image, "sh", "-c", script);
  assert.equal(done.status, 0, done.stderr);
  return done.stdout;
}

Deno.test("a container gets the CA merged with its own bundle, whoever its user is", async () => {
  const out = await inside(
    "busybox",
    'cat "$SSL_CERT_FILE"; ls -l /dev/egress/; touch /dev/egress/x || echo READ-ONLY',
    ...["--user", "1234:1234", "--read-only"],
  );
  assert.ok(out.startsWith(caText));
  assert.ok(out.split("BEGIN CERTIFICATE").length > 50);
  assert.match(out, /READ-ONLY/);
});

Deno.test("bundles of RHEL, SUSE, Alpine and images without any", async () => {
  const own = "-----BEGIN CERTIFICATE-----\nT1dO\n-----END CERTIFICATE-----";
  const places = {
    rhel: "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    suse: "etc/ssl/ca-bundle.pem",
    alpine: "etc/ssl/cert.pem",
  };
  await Promise.all(
    Object.entries(places).map(async ([name, path]) => {
      await world.image(
        name,
        `${BUSYBOX}; mkdir -p ${path.replace(/[^/]*$/, "")}; echo '${own}' >${path}`,
      );
      const out = await inside(name, 'cat "$CURL_CA_BUNDLE"');
      assert.equal(out, `${caText}\n${own}\n`, name);
    }),
  );
  await world.image("scratch", BUSYBOX);
  assert.ok((await inside("scratch", 'cat "$CURL_CA_BUNDLE"')).split("BEGIN").length > 50);
});

Deno.test("links of an image do not lead to the machine's files", async () => {
  const secret = "-----BEGIN CERTIFICATE-----\nU0VDUkVU\n-----END CERTIFICATE-----";
  await Deno.writeTextFile(`${world.folder}/secret.pem`, secret);
  await world.image(
    "links",
    `${BUSYBOX}; mkdir -p etc/ssl/certs
    ln -s ../../../../../../../..${world.folder}/secret.pem etc/ssl/certs/ca-certificates.crt`,
  );
  assert.ok(!(await inside("links", 'cat "$SSL_CERT_FILE"')).includes("U0VDUkVU"));
});

Deno.test("what the image sets stays, and is reported", async () => {
  const out = await inside(
    "busybox",
    "echo $SSL_CERT_FILE $PIP_CERT",
    "--env",
    "SSL_CERT_FILE=/mine",
  );
  assert.equal(out, "/mine /dev/egress/ca.crt\n");
  const events = await world.sh("cat /run/egress/containers/events.jsonl");
  assert.match(events, /sets SSL_CERT_FILE itself, which stays: \/mine/);
});

Deno.test("exec sees it too, also for a variable that only the container's start has", async () => {
  const id = (await world.must(["/usr/bin/docker", "run", "--detach", "busybox", "sleep", "600"]))
    .trim();
  const done = await world.docker(
    "exec",
    id,
    "sh",
    "-c",
    'head -n 1 "$NODE_EXTRA_CA_CERTS" || ls $NODE_EXTRA_CA_CERTS',
  );
  await world.docker("rm", "--force", id);
  assert.match(done.stdout, /BEGIN CERTIFICATE|\/dev\/egress\/ca\.crt/, done.stderr);
});

Deno.test("curl and Python of a Debian tree verify a server by it", async () => {
  await world.image("tree", DEBIAN_TREE, "ENV PATH=/usr/bin:/bin");
  await world.sh(`cd ${world.folder}
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -subj /CN=localhost \\
      -addext subjectAltName=DNS:localhost -out leaf.csr 2>/dev/null
    openssl x509 -req -in leaf.csr -CA run-ca.pem -CAkey run-ca.key -days 2 -copy_extensions copy -out leaf.pem 2>/dev/null`);
  const [file, args] = world.command([
    ...["openssl", "s_server", "-accept", "127.0.0.1:8443", "-www", "-quiet"],
    ...["-cert", `${world.folder}/leaf.pem`, "-key", `${world.folder}/leaf.key`],
  ]);
  const server = new Deno.Command(file, { args, stdin: "null", stdout: "null", stderr: "null" })
    .spawn();
  try {
    await world.sh("for i in $(seq 100); do nc -z 127.0.0.1 8443 && exit; sleep 0.1; done; exit 1");
    const curl = "curl --silent --show-error https://localhost:8443/ | grep -c s_server";
    const python =
      `python3 -c 'import urllib.request as u; print(u.urlopen("https://localhost:8443/").status)'`;
    assert.match(await inside("tree", curl, "--network", "host"), /^[1-9]/);
    assert.equal(await inside("tree", python, "--network", "host"), "200\n");
    const bare = await world.docker(
      ...[
        "run",
        "--rm",
        "--network",
        "host",
        "--env",
        "CURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt",
      ],
      "tree",
      "sh",
      "-c",
      curl,
    );
    assert.match(bare.stderr, /certificate/);
  } finally {
    server.kill();
    await server.status;
  }
});

Deno.test("docker build sees the CA and leaves no trace of it, with and without BuildKit", async () => {
  const file = `FROM busybox
RUN head -n 2 "$SSL_CERT_FILE" >/dev/null 2>&1 || cat "$SSL_CERT_FILE" >/dev/null; test -s "$SSL_CERT_FILE"
RUN mkdir /made && echo x >/made/file && mv /etc/ssl/certs/ca-certificates.crt /tmp/was && mv /tmp/was /etc/ssl/certs/ca-certificates.crt
`;
  for (const kit of ["0", "1"]) {
    const built = await world.run(
      ["/usr/bin/docker", "build", "--no-cache", "--tag", `built-${kit}`, "-"],
      file,
      { DOCKER_BUILDKIT: kit },
    );
    assert.equal(built.status, 0, built.stderr + built.stdout);
    const names = await world.sh(
      `mkdir -p ${world.folder}/layers-${kit}; cd ${world.folder}/layers-${kit}
      /usr/bin/docker save built-${kit} | tar -x; for layer in $(find . -name layer.tar); do tar -tf $layer; done`,
    );
    const lines = names.split("\n");
    assert.ok(lines.includes("made/file"), names);
    assert.deepEqual(lines.filter((line) => /egress|^dev\/./.test(line)), []);
    const config = await world.sh(
      `/usr/bin/docker inspect built-${kit}; /usr/bin/docker history --no-trunc built-${kit}`,
    );
    assert.ok(!config.includes("/dev/egress"));
  }
});

Deno.test("a build that asks for the machine's network gets no raw sockets in it", async () => {
  const built = await world.run(
    ["/usr/bin/docker", "build", "--no-cache", "--network", "host", "-"],
    `FROM busybox\nRUN c=$(sed -n 's/CapBnd:.//p' /proc/self/status) && [ $((0x$c >> 13 & 1)) = 0 ]\n`,
    { DOCKER_BUILDKIT: "1" },
  );
  assert.equal(built.status, 0, built.stderr);
});

Deno.test("a Java truststore is made where the image has one", async () => {
  await world.image(
    "java",
    `${BUSYBOX}; mkdir -p opt/java/openjdk/lib/security
    keystore=opt/java/openjdk/lib/security/cacerts
    printf '\\376\\355\\376\\355\\0\\0\\0\\2\\0\\0\\0\\0' >$keystore; printf '%020d' 0 >>$keystore`,
  );
  const out = await inside(
    "java",
    "echo $JAVA_TOOL_OPTIONS; grep -c 'egress test CA' /dev/egress/truststore.jks",
  );
  assert.match(out, /-Djavax.net.ssl.trustStore=\/dev\/egress\/truststore.jks .*\n1\n/);
});

Deno.test("Docker tells the name of a container's image to the kernel role's client", async () => {
  const id = (await world.must(["/usr/bin/docker", "create", "busybox", "true"])).trim();
  using epoll = new Epoll();
  const client = new DockerClient(epoll, `${world.folder}/docker.sock`);
  let image: string | undefined;
  client.ask({ engine: "docker", id }, (found) => image = found);
  while (client.waiting) {
    epoll.wait(100);
    client.expire(bootMillis());
  }
  await world.docker("rm", id);
  assert.equal(image, "busybox");
});

/** curl and Python with the libraries and modules that they load, copied from this machine. */
const DEBIAN_TREE = `${BUSYBOX}; mkdir -p usr/bin usr/lib etc/ssl/certs usr/lib/ssl
cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/; cp /etc/ssl/openssl.cnf usr/lib/ssl/
printf '127.0.0.1 localhost\\n' >etc/hosts
python=$(readlink -f /usr/bin/python3); cp /usr/bin/curl usr/bin/; cp "$python" usr/bin/python3
library=/usr/lib/\${python##*/}; mkdir -p ".$library"
(cd "$library" && tar -c --exclude=__pycache__ --exclude=test --exclude=config-* .) | tar -x -C ".$library"
for file in usr/bin/curl usr/bin/python3 .$library/lib-dynload/_ssl*.so .$library/lib-dynload/_hashlib*.so; do
  ldd "$file" | sed -n 's/.*=> \\([^ ]*\\).*/\\1/p; s/^[[:space:]]*\\(\\/[^ ]*\\) (.*/\\1/p'
done | sort -u | while read -r file; do mkdir -p ".\${file%/*}"; cp -L "$file" ".$file"; done
cp -L /lib/x86_64-linux-gnu/libnss_files.so.2 lib/x86_64-linux-gnu/ 2>/dev/null || :`;
