import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import type { Contract } from "@/api/types";
import { ME, problem } from "@/mocks/handlers";
import { DRAFT } from "@/mocks/sources";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";
import { compare, fieldsOf, inWords } from "./contract-fields";

const CONTRACT: Contract = {
  entity_type: "deal",
  version: 3,
  action: "refuse",
  applied_at: "2026-11-01T00:00:00Z",
  author: ME.email,
  schema: { type: "object", required: ["id", "stage"], properties: { id: { type: "string" }, stage: { type: "string" }, amount: { type: "number" } } },
};

function inForce(contract: Contract): void {
  server.use(
    http.get("*/api/sources/hubspot/contracts", () => HttpResponse.json({ items: [contract] })),
    http.get("*/api/sources/hubspot/contracts/deal", () => HttpResponse.json(contract)),
  );
}

const panel = async () => within(await screen.findByRole("region", { name: "Contract" }));
const rows = async () => (await (await panel()).findAllByRole("row")).slice(1).map((row) => row.textContent);

/** The page once the fields of its one word are shown. */
async function look() {
  const app = renderApp("/sources/hubspot");
  await (await panel()).findByRole("region", { name: "Fields, table" });
  return app;
}

describe("Fields of a schema", () => {
  it("are found in objects, lists and alternatives", () => {
    const line = { type: "object", required: ["price"], properties: { price: { type: "number" } } };
    const found = fieldsOf({
      properties: { lines: { type: "array", items: line }, at: { anyOf: [{ type: "string" }, { type: "integer" }] }, free: {} },
      required: ["lines", "at"],
    });
    expect(Object.fromEntries([...found].map(([path, field]) => [path, inWords(field)]))).toEqual({
      "lines[].price": "number, at times",
      at: "text or whole number",
      free: "anything, at times",
    });
  });

  it("take integers for numbers and anything where no type is named", () => {
    const one = (type?: string) => fieldsOf({ properties: { a: type ? { type } : {} } });
    expect(compare(one("number"), one("integer"))[0]?.change).toBe("same");
    expect(compare(one("integer"), one("number"))[0]?.change).toBe("type");
    expect(compare(one(), one("boolean"))[0]?.change).toBe("same");
  });
});

describe("Contract of a source", () => {
  it("shows what was seen when nothing is promised", async () => {
    await look();
    expect(await screen.findByText(/Nothing is promised yet\. This was in the newest 500 events/)).toBeVisible();
    expect(await rows()).toEqual(["amounttext or nothing", "idtext", "owner.emailtext, at times"]);
  });

  it("says which fields appeared, vanished and changed their type", async () => {
    inForce(CONTRACT);
    await look();
    expect(await screen.findByText(/1 field appeared, 1 vanished, 1 changed type/)).toBeVisible();
    const told = await rows();
    expect(told[0]).toBe("stagetext–Vanished");
    expect(told[1]).toBe("amountnumber, at timestext or nothingOther type");
    expect(told[2]).toBe("owner.email–text, at timesAppeared");
  });

  it("makes what was seen what is expected, and takes it back", async () => {
    inForce(CONTRACT);
    const bodies: unknown[] = [];
    server.use(
      http.put("*/api/sources/hubspot/contracts/deal", async ({ request }) => {
        bodies.push(await request.json());
        return HttpResponse.json({ ...CONTRACT, version: 4 });
      }),
      http.post("*/api/sources/hubspot/contracts/deal/rollback", async ({ request }) => {
        bodies.push(await request.json());
        return HttpResponse.json({ ...CONTRACT, version: 5 });
      }),
    );
    const { user } = await look();
    await user.click(await screen.findByRole("button", { name: "Expect what was seen" }));
    const dialog = within(screen.getByRole("dialog", { name: "Expect what was seen" }));
    expect(dialog.getByText(/when one of the 2 that were always there is missing/)).toBeVisible();
    await user.selectOptions(dialog.getByLabelText("A record that breaks it is"), "quarantine");
    await user.click(dialog.getByRole("button", { name: "Put it in force" }));
    expect(await screen.findByText("Version 4 of the contract of deal is in force.")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await waitFor(() => expect(bodies).toEqual([{ schema: DRAFT.schema, action: "quarantine" }, { version: 3 }]));
  });

  it("says why a contract was not removed", async () => {
    inForce(CONTRACT);
    server.use(http.delete("*/api/sources/hubspot/contracts/deal", () => problem(503, "Away", "The store did not answer.")));
    const { user } = await look();
    await user.click(await screen.findByRole("button", { name: "Remove contract" }));
    expect(await screen.findByText("The store did not answer.")).toBeVisible();
  });

  it("has nothing to press for others", async () => {
    inForce(CONTRACT);
    server.use(http.get("*/api/auth/me", () => HttpResponse.json({ ...ME, role: "analyst" })));
    await look();
    expect(await screen.findByText(/1 field appeared/)).toBeVisible();
    expect((await panel()).queryByRole("button")).not.toBeInTheDocument();
  });
});
