/**
 * Types and the frame codec that every role shares. Imports nothing outside this folder.
 *
 * @module
 */

export * from "./ca_variables.ts";
export * from "./control.ts";
export * from "./event.ts";
export * from "./frame.ts";
export * from "./log.ts";
export * from "./messages.ts";
export * from "./playbook.ts";
export * from "./redact.ts";
export * from "./roles.ts";
export * from "./summary.ts";
