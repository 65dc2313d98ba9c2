import {
  cloneElement,
  createContext,
  useCallback,
  useContext,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type ReactElement,
  type ReactNode,
  type RefObject,
} from "react";

interface Props {
  /** The button that opens it; it gets the ARIA attributes. */
  trigger: ReactElement<Record<string, unknown>>;
  children: ReactNode;
  align?: "start" | "end";
  className?: string;
  label: string;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}

const GAP = 4;
const MARGIN = 12;
const FOCUSABLE = "button:not([disabled]), a[href], input:not([disabled]), select, [tabindex='0']";

const CloseContext = createContext<() => void>(() => undefined);

/** Closes the popover around, for a choice inside it. */
export function useClosePopover(): () => void {
  return useContext(CloseContext);
}

/** Under its button, or above it where the screen ends, and never beyond the edges. */
function place(panel: HTMLElement, button: HTMLElement, align: "start" | "end"): void {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const left = align === "end" ? at.right - width : at.left;
  const below = at.bottom + GAP;
  const fits = below + height <= window.innerHeight - MARGIN;
  const top = fits ? below : Math.max(MARGIN, Math.min(at.top - GAP - height, window.innerHeight - MARGIN - height));
  panel.style.left = `${Math.max(MARGIN, Math.min(left, window.innerWidth - MARGIN - width))}px`;
  panel.style.top = `${top}px`;
}

function Panel({
  id,
  button,
  align,
  className,
  label,
  close,
  children,
}: Required<Pick<Props, "align" | "className" | "label" | "children">> & {
  id: string;
  button: RefObject<HTMLElement | null>;
  close: (giveFocusBack: boolean) => void;
}) {
  const panel = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = panel.current;
    const anchor = button.current;
    if (!element || !anchor) return;
    // The top layer: above sheets and bars, outside of what scrolls.
    element.showPopover();
    const update = () => place(element, anchor, align);
    update();
    const sizes = new ResizeObserver(update);
    sizes.observe(element);
    window.addEventListener("resize", update);
    window.addEventListener("scroll", update, true);
    const first = element.querySelector<HTMLElement>("[autofocus]") ?? element.querySelector<HTMLElement>(FOCUSABLE) ?? element;
    first.focus({ preventScroll: true });
    return () => {
      sizes.disconnect();
      window.removeEventListener("resize", update);
      window.removeEventListener("scroll", update, true);
    };
  }, [button, align]);
  useEffect(() => {
    const outside = (target: EventTarget | null) =>
      target instanceof Node && !panel.current?.contains(target) && !button.current?.contains(target);
    const onPointer = (event: PointerEvent) => {
      if (outside(event.target)) close(false);
    };
    const onFocus = (event: FocusEvent) => {
      if (outside(event.target)) close(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      close(true);
    };
    document.addEventListener("pointerdown", onPointer, true);
    document.addEventListener("focusin", onFocus, true);
    document.addEventListener("keydown", onKey, true);
    return () => {
      document.removeEventListener("pointerdown", onPointer, true);
      document.removeEventListener("focusin", onFocus, true);
      document.removeEventListener("keydown", onKey, true);
    };
  }, [button, close]);
  return (
    <div ref={panel} id={id} popover="manual" role="dialog" aria-label={label} tabIndex={-1} data-modal="true" className={className}>
      {children}
    </div>
  );
}

/** A small panel beside its button, in the platform's top layer: closes on Escape and outside, gives the focus back. */
export function Popover({ trigger, children, align = "start", className = "pop", label, open, onOpenChange }: Props) {
  const id = useId();
  const button = useRef<HTMLElement>(null);
  const [own, setOwn] = useState(false);
  const shown = open ?? own;
  const change = useCallback(
    (next: boolean) => {
      setOwn(next);
      onOpenChange?.(next);
    },
    [onOpenChange],
  );
  const close = useCallback(
    (giveFocusBack: boolean) => {
      change(false);
      if (giveFocusBack) button.current?.focus();
    },
    [change],
  );
  const closeFromInside = useCallback(() => close(true), [close]);
  return (
    <>
      {cloneElement(trigger, {
        ref: button,
        "aria-haspopup": "dialog",
        "aria-expanded": shown,
        ...(shown ? { "aria-controls": id } : {}),
        onClick: () => change(!shown),
      })}
      {shown ? (
        <CloseContext.Provider value={closeFromInside}>
          <Panel id={id} button={button} align={align} className={className} label={label} close={close}>
            {children}
          </Panel>
        </CloseContext.Provider>
      ) : null}
    </>
  );
}
