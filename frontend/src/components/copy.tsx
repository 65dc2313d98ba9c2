import { useCallback } from "react";
import { Icon } from "./icon";
import { useToast } from "./toast";

/** Copies a text and says so; where the browser refuses, says that instead. */
export function useCopy(): (text: string, what: string) => void {
  const toast = useToast();
  return useCallback(
    (text, what) => {
      const clipboard = navigator.clipboard as Clipboard | undefined;
      if (!clipboard) {
        toast(`The browser allows copying only on https or localhost. ${what}: ${text}`);
        return;
      }
      clipboard.writeText(text).then(
        () => toast(`${what} copied.`),
        () => toast(`The browser did not allow copying. ${what}: ${text}`),
      );
    },
    [toast],
  );
}

export function CopyButton({ text, what, className = "btn g i" }: { text: string; what: string; className?: string }) {
  const copy = useCopy();
  return (
    <button type="button" className={className} aria-label={`Copy ${what.toLowerCase()}`} onClick={() => copy(text, what)}>
      <Icon name="copy" />
    </button>
  );
}
