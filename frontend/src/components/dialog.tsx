import { useEffect, useRef, type ReactNode } from "react";

/**
 * The platform's own modal dialog: focus stays inside, Escape and a click beside it close it. One that `stays` shows what
 * is not shown again, so only its own button closes it.
 */
export function Dialog({
  label,
  className = "",
  onClose,
  stays = false,
  children,
}: {
  label: string;
  className?: string;
  onClose: () => void;
  stays?: boolean;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (!element) return;
    const before = document.activeElement;
    if (!element.open) element.showModal();
    // A text field first: a dialog with one is opened to type into it.
    element.querySelector<HTMLElement>("input, textarea")?.focus();
    return () => {
      element.close();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        if (!stays) onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget && !stays) onClose();
      }}
    >
      {children}
    </dialog>
  );
}
