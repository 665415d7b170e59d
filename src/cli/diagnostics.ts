/**
 * Diagnostics in their outward forms: lines, GitHub annotations, SARIF.
 *
 * @module
 */

import type { Diagnostic } from "../policy/mod.ts";
import { printable, type Styles } from "./io.ts";
import type { PolicySource } from "./policies.ts";

/** A diagnostic with its place in a file. */
export interface FileDiagnostic extends Diagnostic {
  file: string;
}

/** Moves a policy's diagnostics to where they stand in its file. */
export function inFile(source: PolicySource, diagnostics: readonly Diagnostic[]): FileDiagnostic[] {
  return diagnostics.map((diagnostic) => {
    // The engine may say line 0 of what concerns the whole policy.
    const { line, column } = source.locate({
      line: Math.max(diagnostic.line, 1),
      column: Math.max(diagnostic.column, 1),
    });
    return { ...diagnostic, file: source.file, line, column };
  });
}

/** `FILE:LINE:COLUMN: error[CODE]: message` */
export function formatDiagnostic(diagnostic: FileDiagnostic, styles: Styles): string {
  const { file, line, column, severity, code } = diagnostic;
  const colour = severity === "error" ? styles.red : styles.yellow;
  const place = styles.bold(`${printable(file)}:${line}:${column}:`);
  return `${place} ${colour(`${severity}[${code}]`)}: ${printable(messageOf(diagnostic))}\n`;
}

function messageOf({ message, suggestion }: Diagnostic): string {
  return suggestion === undefined ? message : `${message} (${suggestion})`;
}

/** A workflow command that puts the diagnostic beside its line on GitHub. */
export function formatAnnotation(diagnostic: FileDiagnostic): string {
  const { file, line, column, severity, code } = diagnostic;
  const properties = `file=${escapeProperty(file)},line=${line},col=${column}`;
  const title = escapeProperty(`egress: ${code}`);
  return `::${severity} ${properties},title=${title}::${escapeData(messageOf(diagnostic))}\n`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** A SARIF 2.1.0 log (OASIS) of the diagnostics, as GitHub code scanning takes it. */
export function toSarif(diagnostics: readonly FileDiagnostic[]): string {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{
      tool: {
        driver: {
          name: "egress",
          informationUri: "https://github.com/egress/egress",
          rules: codes.map((id) => ({ id, shortDescription: { text: `egress policy: ${id}` } })),
        },
      },
      columnKind: "utf16CodeUnits",
      results: diagnostics.map(sarifResult),
    }],
  };
  return JSON.stringify(log, null, 2) + "\n";
}

function sarifResult(diagnostic: FileDiagnostic) {
  const { file, line, column, severity, code } = diagnostic;
  return {
    ruleId: code,
    level: severity,
    message: { text: messageOf(diagnostic) },
    locations: [{
      physicalLocation: {
        artifactLocation: { uri: file.split("/").map(encodeURIComponent).join("/") },
        region: { startLine: line, startColumn: column },
      },
    }],
  };
}
