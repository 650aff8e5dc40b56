// Validate GLB files with the Khronos glTF validator: node validate_gltf.mjs MODULES FILE.glb ...
// Prints a JSON list of the validator's reports. MODULES is the folder node_modules of the receivers.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, ...paths] = process.argv.slice(2);
const validator = createRequire(modules + "/")("gltf-validator");
const reports = [];
for (const path of paths) {
  reports.push(await validator.validateBytes(new Uint8Array(readFileSync(path)), { maxIssues: 100 }));
}
console.log(JSON.stringify(reports));
