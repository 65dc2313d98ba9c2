import { Popover as Primitive } from "@base-ui/react/popover";
import type { ReactElement, ReactNode } from "react";

interface Props {
  /** The button that opens it; it gets the right ARIA attributes. */
  trigger: ReactElement<Record<string, unknown>>;
  children: ReactNode;
  align?: "start" | "center" | "end";
  className?: string;
  label: string;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}

/** A small panel beside its button: closes on Escape and outside, gives the focus back. */
export function Popover({ trigger, children, align = "start", className = "pop", label, open, onOpenChange }: Props) {
  return (
    <Primitive.Root
      {...(open === undefined ? {} : { open })}
      {...(onOpenChange ? { onOpenChange: (next: boolean) => onOpenChange(next) } : {})}
    >
      <Primitive.Trigger render={trigger} />
      <Primitive.Portal>
        <Primitive.Positioner sideOffset={4} align={align} collisionPadding={12} className="z-60">
          <Primitive.Popup className={className} aria-label={label} data-modal="true">
            {children}
          </Primitive.Popup>
        </Primitive.Positioner>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** For a choice inside that also closes the popover. */
export const PopoverClose = Primitive.Close;
