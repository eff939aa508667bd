// llama.cpp beside our engine: `node peer_llamacpp.mjs FOLDER FILE.gguf THREADS PROMPT SPOKEN`, FOLDER with
// node_modules/node-llama-cpp in it. Each line on standard input is answered by a turn: tokens a second in reading PROMPT
// tokens and in speaking SPOKEN after them. Part of `ponder bench reasoner`.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, file, threads, prompt, spoken] = process.argv.slice(2);
const found = createRequire(join(folder, "here.js")).resolve("node-llama-cpp");
const { getLlama } = await import(pathToFileURL(found));
const llama = await getLlama({ gpu: false, build: "never", progressLogs: false, logLevel: "error", maxThreads: +threads });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({ contextSize: 1024, threads: +threads, batchSize: 512 });
const tokens = Array.from({ length: +prompt }, (_, i) => 1000 + ((7 * i) % 900));
console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
    const sequence = context.getSequence();
    const begun = performance.now();
    let first = 0;
    let said = -1; // the first comes with the reading
    for await (const _token of sequence.evaluate(tokens, { temperature: 0, yieldEogToken: true })) {
        said += 1;
        if (said === 0) first = performance.now();
        if (said >= +spoken) break;
    }
    const ended = performance.now();
    console.log(`${+prompt / ((first - begun) / 1000)} ${said / ((ended - first) / 1000)}`);
    sequence.dispose();
}
