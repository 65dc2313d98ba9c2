import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { DEALS, eventOf } from "@/mocks/company";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";

const deal = DEALS[0];
if (!deal) throw new Error("the made-up company has no deals");
const event = eventOf(deal);

describe("Event", () => {
  it("marks the bytes of the field and checks their hash", async () => {
    renderApp(`/events/${event.event_id}?field=amount`);
    expect(await screen.findByText("matches the bytes shown here")).toBeVisible();
    const marks = [...document.querySelectorAll(".bytes:not(:has(.hex)) mark")].map((mark) => mark.textContent).join("");
    expect(marks).toBe('"Amount":96000.00');
    expect(screen.getByText("Bytes 285–301")).toBeVisible();
  });

  it("says so when the bytes do not have the kept hash", async () => {
    server.use(http.get("*/api/events/:id/body", () => new HttpResponse('{"tampered":true}')));
    renderApp(`/events/${event.event_id}`);
    expect(await screen.findByText(/the bytes shown here have the hash/)).toBeVisible();
  });

  it("lays the payload out without rounding a number", async () => {
    const { user, address } = renderApp(`/events/${event.event_id}`);
    await user.click(await screen.findByRole("button", { name: "Formatted" }));
    await waitFor(() => expect(address()).toContain("view=laid-out"));
    expect(await screen.findByText(/"commitNumber": 11781940362264899587/)).toBeVisible();
  });

  it("follows another field of the same event", async () => {
    const { user, address } = renderApp(`/events/${event.event_id}`);
    const set = await screen.findByRole("region", { name: "Fields that the event set, table" });
    await user.click(within(set).getByRole("button", { name: "Amount" }));
    await waitFor(() => expect(address()).toContain("field=amount"));
  });

  it("has a page for what is not there", async () => {
    renderApp("/events/ev_nothing");
    expect(await screen.findByText("There is nothing at this address.")).toBeVisible();
  });
});
