import type { ReactNode } from "react";
import { CopyButton } from "@/components/copy";

/** A secret that the API tells once, with a button to copy it. */
export function Secret({ secret, children }: { secret: string; children: ReactNode }) {
  return (
    <div className="stack" style={{ gap: 8 }}>
      <span role="status">{children}</span>
      <div className="code-box">
        <pre className="code wrap-code" tabIndex={0} aria-label="Key">
          {secret}
        </pre>
        <CopyButton text={secret} what="Key" />
      </div>
    </div>
  );
}
