// One question per line in, one answer per line out; the folder with the packages is the first argument.
//   in   {"language": "mongodb" | "jsonlogic", "rule": ..., "rows": [...], "longs": ["column", ...]}
//   out  {"matches": [true, ...]}  or  {"error": "..."}
// Rows and filters of MongoDB are extended JSON. `longs` are the columns of 64-bit whole numbers.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const packages = createRequire(`${process.argv[2]}/package.json`);
const { Query } = packages("mingo");
const jsonLogic = packages("json-logic-js");

// A 64-bit whole number. mingo compares objects of a class by their text, so the text is in numeric order.
class Long {
  constructor(value) {
    this.text = String(BigInt(value) + 2n ** 63n).padStart(20, "0");
  }
  toString() {
    return this.text;
  }
}

function plain(value, longs, long) {
  if (Array.isArray(value)) return value.map((each) => plain(each, longs, long));
  if (typeof value === "number") return long && Number.isInteger(value) ? new Long(value) : value;
  if (value === null || typeof value !== "object") return value;
  if ("$date" in value) {
    const date = value.$date;
    return new Date(typeof date === "string" ? date : Number(date.$numberLong));
  }
  if ("$numberLong" in value) return new Long(value.$numberLong);
  // Below every number of 64 bits, as MongoDB compares them; empty text comes first.
  if (long && value.$numberDouble === "-Infinity") return Object.assign(new Long(0), { text: "" });
  if ("$numberDouble" in value) return Number(value.$numberDouble);
  // Where a column is read by name, what it is compared with stands beside it.
  const inside = long || ("$expr" in value && longs.some((name) => JSON.stringify(value).includes(JSON.stringify(name))));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, plain(each, longs, inside || longs.includes(key))]),
  );
}

function answer({ language, rule, rows, longs }) {
  if (language === "jsonlogic") return rows.map((row) => jsonLogic.apply(rule, row) === true);
  const query = new Query(plain(rule, longs, false));
  return rows.map((row) => query.test(plain(row, longs, false)));
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = { matches: answer(JSON.parse(line)) };
  } catch (error) {
    reply = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
