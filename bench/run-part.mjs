// One part of the benchmark in a process of its own: `node bench/run-part.mjs guards '{"isQuick":true}'`.
const [name, options] = process.argv.slice(2);
const { [name]: run } = await import(`./parts/${name}.mjs`);
const result = await run(JSON.parse(options));
if (process.send === undefined) console.log(JSON.stringify(result, null, 2));
else await new Promise((resolve) => process.send(result, resolve));
process.exit();
