import { useEffect, useRef, useState, type SubmitEvent, type ReactNode } from "react";
import { useSignIn, useSignInByLink } from "@/api/auth";
import { ApiError } from "@/api/errors";
import { Icon, Mark } from "@/components/icon";

/** What happens to a number here, as the words of the path that each page ends in. */
const TRAIL: [string, string][] = [
  ["Number", "has a definition and a day"],
  ["Rows", "add up to it, to the last unit"],
  ["Record", "one per deal, account and person"],
  ["Field", "knows the source that set it"],
  ["Event", "is kept as it was received"],
  ["Bytes", "are checked against their hash"],
];

function Frame({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · SalesCommand`;
  }, [title]);
  return (
    <div className="auth">
      <main className="form" id="main">
        <div className="row pri" style={{ marginBottom: 32 }}>
          <Mark size={28} />
          <b className="wordmark fg" style={{ fontSize: 20 }}>
            Sales<i>Command</i>
          </b>
        </div>
        <h1 className="big" style={{ marginBottom: 16 }}>
          {title}
        </h1>
        {children}
      </main>
      <aside className="why" aria-label="What SalesCommand does">
        <p className="m" style={{ marginBottom: 16, fontSize: 15 }}>
          Every number opens, all the way to the bytes.
        </p>
        <ol className="trail">
          {TRAIL.map(([step, words], index) => (
            <li key={step}>
              <span className="ax">
                <i className={index === TRAIL.length - 1 ? "sq" : ""} />
              </span>
              <span className="m">{step}</span>
              <span className="mut">{words}</span>
            </li>
          ))}
        </ol>
      </aside>
    </div>
  );
}

function Problem({ error }: { error: unknown }) {
  if (!error) return null;
  const hint = error instanceof ApiError ? error.hint : null;
  return (
    <div className="note bad" role="alert">
      <Icon name="close" size={14} />
      <span>
        {error instanceof Error ? error.message : "Signing in failed."} {hint}
      </span>
    </div>
  );
}

/** Does the account ask for a code, so that nothing went wrong yet? */
function needsCode(error: unknown): boolean {
  return error instanceof ApiError && error.kind === "second-factor-needed";
}

function wantsCode(error: unknown): boolean {
  return needsCode(error) || (error instanceof ApiError && error.kind === "second-factor-failed");
}

function CodeField({ code, onChange }: { code: string; onChange: (code: string) => void }) {
  return (
    <label>
      Code of your authenticator app
      <span className="field">
        <input required autoFocus autoComplete="one-time-code" maxLength={64} value={code} onChange={(event) => onChange(event.target.value)} />
      </span>
      <span className="mut xs">Phone lost? A recovery code does too.</span>
    </label>
  );
}

/** Signs in with the one-time token of the address; the token leaves the address first. */
export function LinkSignIn({ token, onDone }: { token: string; onDone: () => void }) {
  const link = useSignInByLink();
  const started = useRef(false);
  const [code, setCode] = useState("");
  const [asked, setAsked] = useState(false);
  const { mutate } = link;
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    history.replaceState(history.state, "", location.pathname);
    mutate({ token }, { onSuccess: onDone, onError: (error) => setAsked(wantsCode(error)) });
  }, [mutate, token, onDone]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    mutate({ token, code }, { onSuccess: onDone, onError: (error) => setAsked(wantsCode(error) || (error instanceof ApiError && error.retryable)) });
  };
  if (asked) {
    return (
      <Frame title="One more step">
        <form className="stack" style={{ gap: 12 }} onSubmit={submit}>
          <CodeField code={code} onChange={setCode} />
          <Problem error={needsCode(link.error) ? null : link.error} />
          <button type="submit" className="btn lg p" disabled={link.isPending}>
            Sign in
          </button>
        </form>
      </Frame>
    );
  }
  return (
    <Frame title={link.error ? "This link does not work" : "Signing in"}>
      <div className="stack" style={{ gap: 12 }}>
        {link.error ? (
          <>
            <Problem error={link.error} />
            <p className="mut">
              A link works once. A new one comes from an admin, or from <code className="mono">salescommand user create</code>.
            </p>
            <a className="btn lg" href="/sign-in">
              Sign in with a password
            </a>
          </>
        ) : (
          <p className="mut" role="status">
            Checking the one-time link.
          </p>
        )}
      </div>
    </Frame>
  );
}

export function SignInPage({ onDone }: { onDone: () => void }) {
  const signIn = useSignIn();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asked, setAsked] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    signIn.mutate({ email, password, ...(asked ? { code } : {}) }, { onSuccess: onDone, onError: (error) => setAsked(asked || wantsCode(error)) });
  };
  // Another account, or another password, begins anew.
  const anew = () => {
    setAsked(false);
    setCode("");
  };
  return (
    <Frame title="Sign in">
      <form className="stack" style={{ gap: 12 }} onSubmit={submit}>
        <label>
          Work e-mail
          <span className="field">
            <input
              type="email"
              name="email"
              autoComplete="username"
              required
              autoFocus
              value={email}
              onChange={(event) => {
                setEmail(event.target.value);
                anew();
              }}
            />
          </span>
        </label>
        <label>
          Password
          <span className="field">
            <input
              type="password"
              name="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => {
                setPassword(event.target.value);
                anew();
              }}
            />
          </span>
        </label>
        {asked ? <CodeField code={code} onChange={setCode} /> : null}
        <Problem error={needsCode(signIn.error) ? null : signIn.error} />
        <button type="submit" className="btn lg p" disabled={signIn.isPending}>
          {signIn.isPending ? "Signing in" : "Sign in"}
        </button>
        <p className="mut xs">
          No password yet? Open the one-time link that you were given, or make one with{" "}
          <code className="mono">salescommand user create E-MAIL</code>.
        </p>
      </form>
    </Frame>
  );
}
