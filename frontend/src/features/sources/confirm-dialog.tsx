import type { ReactNode } from "react";
import { Dialog } from "@/components/dialog";
import { Failure } from "@/components/states";

interface Props {
  title: string;
  action: string;
  pending: boolean;
  error: unknown;
  children: ReactNode;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks once more before something that can't be taken back. */
export function ConfirmDialog({ title, action, pending, error, children, onConfirm, onClose }: Props) {
  return (
    <Dialog label={title} className="ask" onClose={onClose}>
      <div className="pb stack" style={{ gap: 12, paddingTop: 16 }}>
        <strong className="m">{title}</strong>
        <p className="mut">{children}</p>
        {error ? <Failure error={error} /> : null}
        <div className="row">
          <button type="button" className="btn d" disabled={pending} onClick={onConfirm}>
            {action}
          </button>
          <button type="button" className="btn g" onClick={onClose}>
            Cancel
          </button>
        </div>
      </div>
    </Dialog>
  );
}
