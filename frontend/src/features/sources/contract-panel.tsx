import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { eventsQuery } from "@/api/events";
import { contractQuery, contractsQuery, draftQuery, requestsQuery, useRevertContract } from "@/api/sources";
import type { Contract, Draft } from "@/api/types";
import { Panel } from "@/components/panel";
import { Empty, Failure, Loaded, SkeletonRows } from "@/components/states";
import { useToast } from "@/components/toast";
import { ago, count, plural, utc } from "@/lib/format";
import { ContractDialog } from "./contract-dialog";
import { compare, fieldsOf, inWords, type FieldRow } from "./contract-fields";
import { isWord } from "./words";

const CHANGES = {
  vanished: { word: "Vanished", tone: "bad" },
  appeared: { word: "Appeared", tone: "pri" },
  type: { word: "Other type", tone: "warn" },
  same: { word: "", tone: "" },
} as const;

/** The words that a source posts under, as far as its contracts and what came lately tell. */
function useWords(source: string): string[] {
  const contracts = useQuery(contractsQuery(source));
  // The panel of requests follows them; it would not stand still if they were followed from here too.
  const requests = useQuery({ ...requestsQuery(source), refetchInterval: false });
  const events = useInfiniteQuery(eventsQuery({ "filter[source]": source }, 8));
  const came = [
    ...(requests.data?.items ?? []).filter((one) => one.event_id !== ""),
    ...(events.data?.pages.flatMap((page) => page.items) ?? []),
  ];
  const words = [...(contracts.data?.items ?? []), ...came].map((one) => one.entity_type);
  return [...new Set(words)].filter(isWord).sort();
}

function Fields({ rows, promised }: { rows: FieldRow[]; promised: boolean }) {
  return (
    <div className="scroll tall" role="region" aria-label="Fields, table" tabIndex={0}>
      <table className="t tc">
        <thead>
          <tr>
            <th>Field</th>
            {promised ? <th className="hide-sm">Expected</th> : null}
            <th>Seen</th>
            {promised ? (
              <th className="r">
                <span className="vh">Change</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.path}>
              <td className="mono wrap">{row.path}</td>
              {promised ? <td className="wrap hide-sm mut">{inWords(row.expected)}</td> : null}
              <td className="wrap">{inWords(row.seen)}</td>
              {promised ? (
                <td className="r">{row.change === "same" ? null : <span className={`tag ${CHANGES[row.change].tone}`}>{CHANGES[row.change].word}</span>}</td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Summary({ contract, draft, rows }: { contract: Contract | null; draft: Draft | null; rows: FieldRow[] }) {
  const number = (change: FieldRow["change"]) => rows.filter((row) => row.change === change).length;
  const looked = draft?.events === 1 ? "the newest event" : `the newest ${count(draft?.events)} events`;
  if (!contract) {
    return <>{draft ? `Nothing is promised yet. This was in ${looked}; any object is taken.` : "Nothing is promised, and nothing is in the lake yet."}</>;
  }
  const breaking = contract.action === "refuse" ? "refused" : "set aside in quarantine";
  return (
    <>
      Version {contract.version}, <span title={utc(contract.applied_at)}>put in force {ago(contract.applied_at)}</span> by {contract.author}:
      records that break it are {breaking}.{" "}
      {!draft
        ? "Nothing of this word has come yet."
        : rows.every((row) => row.change === "same")
          ? `What is in ${looked} is what is expected.`
          : `In ${looked} ${plural(number("appeared"), "field")} appeared, ${count(number("vanished"))} vanished, ${count(number("type"))} changed type.`}
    </>
  );
}

function Word({ source, word, may }: { source: string; word: string; may: boolean }) {
  const contract = useQuery(contractQuery(source, word));
  const draft = useQuery(draftQuery(source, word));
  const revert = useRevertContract(source);
  const toast = useToast();
  const [asking, setAsking] = useState(false);
  const kept = contract.data ?? null;
  const seen = draft.data ?? null;
  const rows = compare(kept && fieldsOf(kept.schema), seen && fieldsOf(seen.schema));
  const remove = (version: number) =>
    revert.mutate(
      { word, version: null },
      {
        onSuccess: () =>
          toast(`Nothing is promised of ${word} any more.`, { label: "Undo", run: () => revert.mutate({ word, version }) }),
      },
    );
  return (
    <Loaded query={contract} skeleton={<SkeletonRows rows={4} />}>
      {() => (
        <Loaded query={draft} skeleton={<SkeletonRows rows={4} />}>
          {() => (
            <>
              <div className="pb stack" style={{ gap: 8 }}>
                <p className="mut breaks">
                  <Summary contract={kept} draft={seen} rows={rows} />
                </p>
                {may ? (
                  <div className="row w">
                    {seen ? (
                      <button type="button" className="btn" onClick={() => setAsking(true)}>
                        Expect what was seen
                      </button>
                    ) : null}
                    {kept ? (
                      <button type="button" className="btn" disabled={revert.isPending} onClick={() => remove(kept.version)}>
                        Remove contract
                      </button>
                    ) : null}
                  </div>
                ) : null}
              </div>
              {revert.error ? <Failure error={revert.error} /> : null}
              {rows.length > 0 ? <Fields rows={rows} promised={kept !== null} /> : null}
              {asking && seen ? (
                <ContractDialog source={source} word={word} draft={seen} before={kept} onClose={() => setAsking(false)} />
              ) : null}
            </>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

/** What a source promised of its records, beside what really came. */
export function ContractPanel({ source, may }: { source: string; may: boolean }) {
  const words = useWords(source);
  const [chosen, setChosen] = useState<string | null>(null);
  const word = chosen !== null && words.includes(chosen) ? chosen : words[0];
  return (
    <Panel
      title="Contract"
      actions={
        words.length > 1 ? (
          <span className="field">
            <select aria-label="Word of the address" value={word} onChange={(event) => setChosen(event.target.value)}>
              {words.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </span>
        ) : word ? (
          <span className="mono">{word}</span>
        ) : null
      }
      evidence={<span>Made from the newest events in the lake; what was refused never got there</span>}
    >
      {word ? (
        <Word key={word} source={source} word={word} may={may} />
      ) : (
        <Empty title="Nothing to compare yet">The fields show once the first event has come.</Empty>
      )}
    </Panel>
  );
}
