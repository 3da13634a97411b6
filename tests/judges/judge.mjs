// One question per line in, one answer per line out; the folder with the packages is the first argument.
//   in   {"language": "mongodb" | "mongosh" | "jsonlogic" | "javascript", "rule": ..., "rows": [...], "longs": ["column", ...]}
//   out  {"matches": [true, ...]}  or  {"error": "..."}
// Rows and filters of MongoDB are extended JSON; "mongosh" and "javascript" are whole statements as text. `longs` are the columns of 64-bit whole numbers.
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

// NaN is within no range of numbers in MongoDB; mingo takes it for equal to every one of them.
class NotANumber {
  toString() {
    return "NaN";
  }
}

// MongoDB orders texts by UTF-8 bytes, which is by code point; JavaScript, and so mingo, by UTF-16 unit. Every
// unit is replaced by one that sorts as its character does: equality, parts and patterns stay the same.
function sorted(text) {
  return text.replace(/[\ud800-\uffff]/g, (unit) => {
    const code = unit.charCodeAt(0);
    return String.fromCharCode(code < 0xe000 ? code + 0x2000 : code - 0x800);
  });
}

function plain(value, longs, long) {
  if (typeof value === "string") return sorted(value);
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
  if ("$numberDouble" in value) return value.$numberDouble === "NaN" ? new NotANumber() : Number(value.$numberDouble);
  // Where a column is read by name, what it is compared with stands beside it.
  const inside = long || ("$expr" in value && longs.some((name) => JSON.stringify(value).includes(JSON.stringify(name))));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [sorted(key), plain(each, longs, inside || longs.includes(key))]),
  );
}

// What mongosh makes of a statement, as extended JSON again.
function shell(statement) {
  const db = { getCollection: () => ({ find: (filter) => filter }) };
  const ISODate = (text) => ({ $date: text });
  const NumberLong = (text) => ({ $numberLong: text });
  const Dated = function (milliseconds) {
    return { $date: { $numberLong: String(milliseconds) } };
  };
  return new Function("db", "ISODate", "NumberLong", "Date", "NaN", `return ${statement}`)(db, ISODate, NumberLong, Dated, { $numberDouble: "NaN" });
}

function script(statement, customers) {
  const body = statement.replace(/^import .*$/m, "");
  const chosen = new Set(new Function("jsonLogic", "customers", `${body}; return segment`)(jsonLogic, customers));
  return customers.map((row) => chosen.has(row));
}

function answer({ language, rule, rows, longs }) {
  if (language === "jsonlogic") return rows.map((row) => jsonLogic.apply(rule, row) === true);
  if (language === "javascript") return script(rule, rows);
  if (language === "mongosh") return answer({ language: "mongodb", rule: shell(rule), rows, longs });
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
