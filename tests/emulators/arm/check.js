// Holds recorded exchanges against Microsoft's OpenAPI with Microsoft's own live validator (npm oav).
// usage: node check.js CONTRACTS exchanges.jsonl...   prints one JSON document; exits with 0 whatever it found.
//
// Three things are ours, because the validator finds a specification by the provider in the URL:
// * a resource of any provider is judged as what ARM's own contract calls it, a GenericResource under /{resourceId};
// * asking for the result of a long-running operation is judged as a later answer to the request that began it;
// * the status of a long-running operation has no schema in the contract: its shape is checked here.
const path = require("path");
const fs = require("fs");
const { LiveValidator } = require(require.resolve("oav/dist/lib/liveValidation/liveValidator", { paths: [process.cwd()] }));

const API = "2021-04-01";
const SPECIFICATION = `resources/resource-manager/Microsoft.Resources/stable/${API}/resources.json`;
const STATES = ["Accepted", "Running", "InProgress", "Succeeded", "Failed", "Canceled"];

async function main([contracts, ...files]) {
  const validator = new LiveValidator({
    directory: path.resolve(contracts), swaggerPathsPattern: [SPECIFICATION], git: { shouldClone: false }, isPathCaseSensitive: false,
  });
  await validator.initialize();
  const search = validator.operationSearcher.search.bind(validator.operationSearcher);
  const known = validator.operationSearcher.cache;
  validator.operationSearcher.search = (info) =>
    search(known.has(info.providerNamespace) ? info : { ...info, providerNamespace: "microsoft.unknown", apiVersion: API });

  const found = { exchanges: 0, checked: 0, statuses: 0, outside: {}, operations: {}, violations: [] };
  for (const file of files) {
    const begun = new Map();
    for (const line of fs.readFileSync(file, "utf8").split("\n").filter(Boolean)) {
      const exchange = JSON.parse(line);
      found.exchanges += 1;
      await judge(validator, exchange, begun, found, path.basename(file));
    }
  }
  console.log(JSON.stringify(found));
}

async function judge(validator, exchange, begun, found, file) {
  const { liveRequest: request, liveResponse: response } = exchange;
  const where = new URL(request.url).pathname;
  const say = (what) => found.violations.push({ file, method: request.method, url: request.url, status: response.statusCode, what });
  const later = response.headers["location"];
  let judged = exchange;
  if (/\/operationresults\//i.test(where) && Number(response.statusCode) < 400) {
    const first = begun.get(where.toLowerCase());
    if (first === undefined) return say("nobody was given this URL");
    judged = { liveRequest: first, liveResponse: response };
  } else if (/\/operationstatuses\//i.test(where) && Number(response.statusCode) < 400) {
    found.statuses += 1;
    const extra = Object.keys(response.body).filter((name) => !["status", "error", "id", "name", "properties"].includes(name));
    if (!STATES.includes(response.body.status) || extra.length) say(`not the status of an operation: ${JSON.stringify(response.body)}`);
    return;
  } else if (request.method === "GET" && /\/resourcegroups\/[^/]+\/providers\//i.test(where) && where.split(/\/providers\//i).pop().split("/").length % 2 === 0
    && !/^microsoft\.resources\//i.test(where.split(/\/providers\//i).pop())) {
    // A list of children belongs to its provider's contract, not to ARM's.
    found.outside["lists of children"] = (found.outside["lists of children"] || 0) + 1;
    return;
  } else if (request.method === "POST" && /\/config\/[^/]+\/list$/i.test(where)) {
    found.outside["lists of settings"] = (found.outside["lists of settings"] || 0) + 1;
    return;
  } else if (/\/providers\/microsoft\.resourcegraph\//i.test(where)) {
    found.outside["Microsoft.ResourceGraph"] = (found.outside["Microsoft.ResourceGraph"] || 0) + 1;
    return;
  } else if (later) {
    begun.set(new URL(later).pathname.toLowerCase(), request);
  }
  const result = await validator.validateLiveRequestResponse(judged);
  const both = [result.requestValidationResult, result.responseValidationResult];
  const id = (both[0].operationInfo || {}).operationId;
  found.checked += 1;
  found.operations[id] = (found.operations[id] || 0) + 1;
  for (const [side, one] of [["request", both[0]], ["response", both[1]]]) {
    if (one.runtimeException) say(`${side}: ${one.runtimeException.code}: ${one.runtimeException.message}`);
    for (const error of one.errors || []) say(`${side}: ${error.code}: ${error.message} at ${(error.pathsInPayload || []).join(", ")}`);
  }
}

// Logs of the validator would stand between us and our one document.
const write = console.log;
console.log = (...args) => (typeof args[0] === "string" ? write(...args) : undefined);
main(process.argv.slice(2)).catch((error) => { console.error(error); process.exit(1); });
