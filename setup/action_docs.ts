/**
 * Writes docs/action.md from action.yml and setup/action_docs.md.
 *
 *     deno task docs:action
 *
 * @module
 */

import { parse } from "yaml";

const ROOT = new URL("..", import.meta.url);

interface Metadata {
  name: string;
  description: string;
  inputs?: Record<string, { description: string; default: string }>;
  outputs?: Record<string, { description: string }>;
}

/** Makes the document's text. */
export async function actionDocs(): Promise<string> {
  const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
  const action = parse(await read("action.yml")) as Metadata;
  const inputs = Object.entries(action.inputs ?? {})
    .map(([name, { description, default: value }]) =>
      `| \`${name}\` | ${value === "" ? "" : `\`${value}\``} | ${description} |`
    );
  const outputs = Object.entries(action.outputs ?? {})
    .map(([name, { description }]) => `| \`${name}\` | ${description} |`);
  const subs = await Promise.all(["disable-sudo", "enable-sudo"].map(async (name) => {
    const { description } = parse(await read(`${name}/action.yml`)) as Metadata;
    return `| \`OWNER/egress/${name}@REF\` | ${description} |`;
  }));
  return (await read("setup/action_docs.md"))
    .replace("{{description}}", () => action.description)
    .replace(
      "{{inputs}}",
      () => ["| input | default | |", "| --- | --- | --- |", ...inputs].join("\n"),
    )
    .replace("{{outputs}}", () => ["| output | |", "| --- | --- |", ...outputs].join("\n"))
    .replace("{{subactions}}", () => ["| action | |", "| --- | --- |", ...subs].join("\n"));
}

if (import.meta.main) await Deno.writeTextFile(new URL("docs/action.md", ROOT), await actionDocs());
