import { Page } from "@/components/shell/page";
import { SecondFactorPanel } from "./second-factor-panel";
import { SessionsPanel } from "./sessions-panel";
import { TokensPanel } from "./tokens-panel";

/** What is one's own: sessions, tokens, second factor. */
export function AccountPage() {
  return (
    <Page title="Your account">
      <div className="g12">
        <div className="s8 stack">
          <SessionsPanel />
          <TokensPanel />
        </div>
        <div className="s4 stack" style={{ alignSelf: "start" }}>
          <SecondFactorPanel />
        </div>
      </div>
    </Page>
  );
}
