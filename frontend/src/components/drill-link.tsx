import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Drill } from "@/lib/drill";

/** A number that opens to its rows. Without a drill it stays a plain number. */
export function DrillLink({
  drill,
  children,
  className = "",
  title,
  label,
}: {
  drill: Drill | null;
  children: ReactNode;
  className?: string;
  title?: string;
  label?: string;
}) {
  if (!drill) return <span className={`num ${className}`}>{children}</span>;
  return (
    <Link
      to="/records/$type"
      params={{ type: drill.type }}
      search={drill.search}
      className={`drill num ${className}`}
      preload="intent"
      title={title}
      aria-label={label}
    >
      {children}
    </Link>
  );
}
