// What stands on a simulated machine's PATH under the name of each tool: hands
// its words and streams to the lab, where the tool's world is.
const { connect } = require("node:net");
const { basename } = require("node:path");

const { HYBRID_SITE_LAB_HOST: socket, USER: user } = process.env;
const [, file, ...words] = process.argv;
const lab = connect(socket, () => {
  lab.write(`${JSON.stringify({ tool: basename(file), words, user })}\n`);
  process.stdin.pipe(lab);
});

let rest = Buffer.alloc(0);
let code = 255;
lab.on("data", (chunk) => {
  rest = Buffer.concat([rest, chunk]);
  while (rest.length >= 5) {
    const length = rest.readUInt32BE(1);
    if (rest.length < 5 + length) return;
    const data = rest.subarray(5, 5 + length);
    if (rest[0] === 0) code = data.readUInt8(0);
    else (rest[0] === 1 ? process.stdout : process.stderr).write(data);
    rest = rest.subarray(5 + length);
  }
});
// What is written goes out before the process ends by itself.
lab.on("close", () => {
  process.exitCode = code;
  process.stdin.destroy();
});
lab.on("error", () => undefined);
process.stdin.on("error", () => undefined);
process.stdout.on("error", () => lab.destroy());
