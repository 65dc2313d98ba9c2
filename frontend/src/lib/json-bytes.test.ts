import { BODY } from "@/mocks/company";
import { byteRange, byteRows, layOut, leavesOf, locate, sha256 } from "./json-bytes";

const encoder = new TextEncoder();

describe("locating a field in the bytes", () => {
  it("finds the member that holds the value, however the number is written", () => {
    const leaf = locate(BODY, "amount", "96000.0000");
    expect(leaf?.path).toEqual(["payload", "Amount"]);
    expect(BODY.slice(leaf?.start, leaf?.end)).toBe('"Amount":96000.00');
  });

  it("finds a webhook's property by its value", () => {
    const leaf = locate('{"objectId":7,"propertyName":"dealstage","propertyValue":"contractsent"}', "stage", "contractsent");
    expect(leaf?.path).toEqual(["propertyValue"]);
  });

  it("reads days in times and in milliseconds", () => {
    expect(locate('{"closedate":"2026-12-11T00:00:00Z"}', "close_date", "2026-12-11")?.path).toEqual(["closedate"]);
    expect(locate('{"closedate":"1796947200000"}', "close_date", "2026-12-11")?.path).toEqual(["closedate"]);
  });

  it("says nothing rather than guess between equals", () => {
    expect(locate('{"a":5,"b":5}', "amount", "5")).toBeNull();
    expect(locate('{"a":1}', "amount", "5")).toBeNull();
    expect(locate("not json", "amount", "5")).toBeNull();
  });

  it("counts in bytes, not in characters", () => {
    const text = '{"name":"Łódź","amount":"5"}';
    const leaf = locate(text, "amount", "5");
    const range = byteRange(text, leaf?.start ?? 0, leaf?.end ?? 0);
    expect(new TextDecoder().decode(encoder.encode(text).subarray(range.start, range.end))).toBe('"amount":"5"');
  });
});

describe("layout", () => {
  it("keeps each token letter for letter", () => {
    const laid = layOut('{"n":11781940362264899587,"d":1.10,"e":[],"o":{},"s":"a, {b}: \\"c\\"","l":[1,2]}');
    expect(laid).toContain('"n": 11781940362264899587');
    expect(laid).toContain('"d": 1.10');
    expect(laid).toContain('"e": []');
    expect(laid).toContain('"s": "a, {b}: \\"c\\""');
    expect(JSON.parse(laid)).toMatchObject({ l: [1, 2] });
  });

  it("reads nested scalars with their paths and gives up on what is no JSON", () => {
    expect(leavesOf('{"a":[{"b":null}]}')).toMatchObject([{ path: ["a", "0", "b"], raw: "null" }]);
    expect(leavesOf('{"a":')).toEqual([]);
  });
});

describe("rows of bytes", () => {
  it("never cuts a character and loses no byte", () => {
    const body = encoder.encode('{"name":"Łódź Ελλάδα Україна 🙂🙂🙂"}');
    const rows = byteRows(body, 8);
    expect(rows.map((row) => row.text).join("")).toBe(new TextDecoder().decode(body));
    expect(rows.reduce((sum, row) => sum + row.bytes.length, 0)).toBe(body.length);
    expect(rows.every((row) => !row.text.includes("\ufffd"))).toBe(true);
  });

  it("copes with bytes that are no text", () => {
    const body = new Uint8Array(40).fill(0x80);
    expect(byteRows(body, 16).reduce((sum, row) => sum + row.bytes.length, 0)).toBe(40);
  });

  it("hashes", async () => {
    expect(await sha256(encoder.encode("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
