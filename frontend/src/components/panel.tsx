import { useId, type ReactNode } from "react";

interface Props {
  title?: ReactNode;
  /** Muted words beside the title. */
  aside?: ReactNode;
  /** Buttons and legends at the right. */
  actions?: ReactNode;
  /** The evidence line: what stands behind the panel. */
  evidence?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Panel({ title, aside, actions, evidence, className = "", children }: Props) {
  const id = useId();
  return (
    <section className={`panel ${className}`} {...(title ? { "aria-labelledby": id } : {})}>
      {title ? (
        <div className="ph">
          <h2 id={id}>{title}</h2>
          {aside ? <span className="mut">{aside}</span> : null}
          {actions ? <span className="end row w">{actions}</span> : null}
        </div>
      ) : null}
      {children}
      {evidence ? <div className="evid">{evidence}</div> : null}
    </section>
  );
}
