import type { ReactNode } from "react";
import { ApiError } from "@/api/errors";
import { momentShort } from "@/lib/format";
import { Icon, type IconName } from "./icon";

/** Grey rows in the shape of a table that is on its way. */
export function SkeletonRows({ rows = 5, widths = [72, 0, 56] }: { rows?: number; widths?: number[] }) {
  return (
    <div className="pb" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="row" style={{ height: 32, gap: 16 }}>
          {widths.map((width, column) => (
            <span
              key={column}
              className={`skel ${width === 0 ? "grow" : ""}`}
              style={width === 0 ? { maxWidth: `${68 - ((row * 17) % 40)}%` } : { width }}
            />
          ))}
        </div>
      ))}
    </div>
  );
}

export function Skeleton({ width, height = 12 }: { width: number | string; height?: number }) {
  return <span className="skel" style={{ width, height, display: "inline-block" }} aria-hidden="true" />;
}

/** Nothing here: one sentence that says why, and the next step. */
export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon?: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="empty">
      <span className="row m">
        {icon ? <Icon name={icon} /> : null}
        {title}
      </span>
      {children ? <span className="mut">{children}</span> : null}
      {action}
    </div>
  );
}

function explain(error: unknown): { text: string; hint: string | null; requestId: string | null } {
  if (error instanceof ApiError) return { text: error.message, hint: error.hint, requestId: error.requestId };
  return { text: error instanceof Error ? error.message : String(error), hint: null, requestId: null };
}

/**
 * What failed, what is kept, and a retry. With `keptAt` the figures below are old and still shown;
 * without it there is nothing to show.
 */
export function Failure({ error, onRetry, keptAt }: { error: unknown; onRetry?: () => void; keptAt?: number | undefined }) {
  // A wrong password is refused with the same status, and is no matter of roles.
  if (error instanceof ApiError && error.status === 403 && error.kind !== "wrong-password") return <NoPermission />;
  const { text, hint, requestId } = explain(error);
  return (
    <div className="row w" role="alert" style={{ padding: "8px 16px 12px", alignItems: "flex-start" }}>
      <div className="note bad grow" style={{ minWidth: 200 }}>
        <Icon name="close" size={14} />
        <span>
          {text}
          {keptAt ? ` Figures from ${momentShort(new Date(keptAt).toISOString())} are kept below.` : ""}
          {hint ? <span className="mut"> {hint}</span> : null}
          {requestId ? <span className="mono mut block">request {requestId}</span> : null}
        </span>
      </div>
      {onRetry ? (
        <button type="button" className="btn" onClick={onRetry}>
          <Icon name="retry" />
          Retry
        </button>
      ) : null}
    </div>
  );
}

export function NoPermission() {
  return (
    <Empty icon="key" title="Your role cannot see this">
      Ask an admin of this workspace for access.
    </Empty>
  );
}

interface QueryLike<T> {
  data: T | undefined;
  error: unknown;
  dataUpdatedAt: number;
  refetch: () => unknown;
}

/** Draws a query: skeleton, failure, old data with its age, or the data. */
export function Loaded<T>({
  query,
  skeleton,
  children,
}: {
  query: QueryLike<T>;
  skeleton: ReactNode;
  children: (data: T) => ReactNode;
}) {
  if (query.data === undefined) {
    return query.error ? <Failure error={query.error} onRetry={() => void query.refetch()} /> : skeleton;
  }
  return (
    <>
      {query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} keptAt={query.dataUpdatedAt} />
      ) : null}
      {children(query.data)}
    </>
  );
}
