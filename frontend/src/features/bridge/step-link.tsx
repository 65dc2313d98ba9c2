import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { DrillLink } from "@/components/drill-link";
import { endDrill, useSpan } from "./use-bridge";

interface Props {
  step: { key: string; rows: number; drill: string };
  /** The dimension and its value, where the bar is a group's. */
  group?: { by: string; key: string };
  className?: string;
  label?: string;
  title?: string;
  children: ReactNode;
}

/** From a bar to its deals: both ends open their lists, a movement opens its deals below. */
export function StepLink({ step, group, className = "drill num", label, title, children }: Props) {
  const span = useSpan();
  if (step.key === "opening" || step.key === "closing") {
    return (
      <DrillLink drill={endDrill(step.drill, step.key, span)} className={className} {...(label ? { label } : {})} {...(title ? { title } : {})}>
        {children}
      </DrillLink>
    );
  }
  if (step.rows === 0) return <span className="num zero">{children}</span>;
  return (
    <Link
      to="/bridge"
      search={(search: Record<string, unknown>) => ({ ...search, movement: step.key, of: group?.by, key: group?.key })}
      hash="deals"
      replace
      className={className}
      aria-label={label}
      title={title}
    >
      {children}
    </Link>
  );
}
