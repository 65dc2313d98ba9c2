import { CopyButton } from "@/components/copy";

/** A word that no rule makes a record of: what is posted under it is kept and seen, and changes no number. */
export const TEST_WORD = "test";
export const TEST_EVENT = { id: "test-1", note: "A test event" };

/** The UI's own address passes /api on; the API's address works as well. */
export function addressOf(source: string, word: string): string {
  return `${location.origin}/api/microservices/ingest/${source}/${word}`;
}

/** Posts one event: a test that changes no number, or a file. */
export function curl(source: string, word: string, data: string, key = "$SALESCOMMAND_KEY"): string {
  return `curl -X POST ${addressOf(source, word)} \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  --data-binary ${data}`;
}

export function testCurl(source: string, key?: string): string {
  return curl(source, TEST_WORD, `'${JSON.stringify(TEST_EVENT)}'`, key);
}

export function Command({ text, label }: { text: string; label: string }) {
  return (
    <div className="code-box">
      <pre className="code wrap-code" tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <CopyButton text={text} what="Command" />
    </div>
  );
}
