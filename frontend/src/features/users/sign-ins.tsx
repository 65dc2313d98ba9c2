import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useResetSecondFactor, userSessionsQuery } from "@/api/account";
import type { User } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { Failure, Loaded, SkeletonRows } from "@/components/states";
import { useToast } from "@/components/toast";
import { SessionList } from "@/features/account/session-list";

function SignInsDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const query = useQuery(userSessionsQuery(user.id));
  const reset = useResetSecondFactor();
  const toast = useToast();
  const title = `Where ${user.email} is signed in`;
  return (
    <Dialog label={title} className="ask" onClose={onClose}>
      <div className="stack" style={{ gap: 0, textAlign: "left" }}>
        <div className="ph">
          <h2 className="breaks">{title}</h2>
        </div>
        <Loaded query={query} skeleton={<SkeletonRows rows={2} widths={[0, 48]} />}>
          {(data) => <SessionList items={data.items} user={user.id} />}
        </Loaded>
        {reset.error ? <Failure error={reset.error} /> : null}
        <div className="row w pb" style={{ paddingTop: 12 }}>
          {user.second_factor ? (
            <button
              type="button"
              className="btn d"
              disabled={reset.isPending}
              onClick={() => reset.mutate(user.id, { onSuccess: () => toast(`${user.email} signs in without a code from now on.`) })}
            >
              Take the second factor away
            </button>
          ) : null}
          <button type="button" className="btn" onClick={onClose}>
            Close
          </button>
        </div>
      </div>
    </Dialog>
  );
}

/** Where a person is signed in, and the way out for whoever lost their phone. */
export function SignIns({ user }: { user: User }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="link" aria-label={`Sign-ins of ${user.email}`} onClick={() => setOpen(true)}>
        Sign-ins
      </button>
      {open ? <SignInsDialog user={user} onClose={() => setOpen(false)} /> : null}
    </>
  );
}
