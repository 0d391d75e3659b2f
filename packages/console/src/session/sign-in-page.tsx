import { type FormEvent, useState } from "react";
import { validateCredential } from "../api/bounds.ts";
import type { Failure } from "../api/failure.ts";
import { FailurePanel } from "../components/failure-panel.tsx";
import { Logo } from "../components/icon.tsx";
import { useSession } from "./session.tsx";

/** Asks for an API key or a token. The only form of the console, and it changes nothing on the service. */
export function SignInPage({ notice }: { readonly notice: string | undefined }) {
  const { signIn } = useSession();
  const [credential, setCredential] = useState("");
  const [failure, setFailure] = useState<Failure>();
  const [problem, setProblem] = useState<string>();
  const [isTrying, setIsTrying] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const complaint = validateCredential(credential.trim());
    setProblem(complaint);
    setFailure(undefined);
    if (complaint !== undefined) return;
    setIsTrying(true);
    setFailure(await signIn(credential.trim()));
    setIsTrying(false);
  };

  return (
    <main className="sign-in">
      <form className="card sign-in-card" onSubmit={(event) => void submit(event)}>
        <h1>
          <Logo /> Quota console
        </h1>
        {notice === undefined ? null : (
          <p className="notice" role="status">
            {notice}
          </p>
        )}
        <label className="field" htmlFor="credential">
          <span className="field-label">API key or token</span>
          <input
            id="credential"
            type="password"
            autoComplete="off"
            spellCheck={false}
            required
            value={credential}
            onChange={(event) => setCredential(event.target.value)}
            {...(problem === undefined ? {} : { "aria-invalid": true, "aria-describedby": "credential-problem" })}
          />
          {problem === undefined ? null : (
            <span id="credential-problem" className="field-problem" role="alert">
              {problem}
            </span>
          )}
        </label>
        <button type="submit" className="button button-primary" disabled={isTrying || credential.trim() === ""}>
          {isTrying ? "Signing in …" : "Sign in"}
        </button>
        {failure === undefined ? null : <FailurePanel failure={failure} />}
        <p className="hint">
          A key with the role AUDITOR reads everything and writes nothing. It is kept in this page’s memory only:
          reloading or closing the page signs out.
        </p>
      </form>
    </main>
  );
}
