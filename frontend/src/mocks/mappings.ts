import { http, HttpResponse } from "msw";
import type { MappingDocument } from "@/api/types";

const TEXT = "source: crm\nrecord_type: opportunity\nfields:\n  name: {path: $.title}\n";

function mappingDocument(): MappingDocument {
  return {
    scope: "source:crm",
    record_type: "opportunity",
    version: 2,
    origin: "applied",
    entity_types: ["deal"],
    fields: ["name"],
    author: "ada@aldermoor.example",
    applied_at: "2026-11-20T10:00:00Z",
    text: TEXT,
  };
}

const version = (number: number, text: string, in_force: boolean) => ({
  version: number,
  author: "ada@aldermoor.example",
  applied_at: "2026-11-20T10:00:00Z",
  removed: false,
  in_force,
  text,
});

export const mappingHandlers = [
  http.get("*/api/mappings", () => HttpResponse.json({ items: [mappingDocument()] })),
  http.get("*/api/mappings/:scope/:type/history", () =>
    HttpResponse.json({ items: [version(2, TEXT, true), version(1, TEXT.replace("title", "name"), false)] }),
  ),
  http.get("*/api/mappings/:scope/:type", () => HttpResponse.json(mappingDocument())),
];
