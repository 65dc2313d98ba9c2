import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { Icon } from "./icon";

interface Action {
  label: string;
  run: () => void;
}

type Show = (text: string, action?: Action) => void;
const ToastContext = createContext<Show>(() => undefined);

/** How long a toast stays; it waits while the pointer or the focus is on it. */
const LIFE_MS = 8000;

/** Says in one line what just happened; the action takes it back. */
export function useToast(): Show {
  return useContext(ToastContext);
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toast, setToast] = useState<{ text: string; action: Action | undefined; id: number } | null>(null);
  const [held, setHeld] = useState(false);
  const show = useCallback<Show>((text, action) => setToast((last) => ({ text, action, id: (last?.id ?? 0) + 1 })), []);
  const close = useCallback(() => {
    setToast(null);
    setHeld(false);
  }, []);

  useEffect(() => {
    if (!toast || held) return;
    const timer = setTimeout(close, LIFE_MS);
    return () => clearTimeout(timer);
  }, [toast, held, close]);

  return (
    <ToastContext.Provider value={useMemo(() => show, [show])}>
      {children}
      <div aria-live="polite">
        {toast ? (
          <div
            className="toast"
            key={toast.id}
            onMouseEnter={() => setHeld(true)}
            onMouseLeave={() => setHeld(false)}
            onFocus={() => setHeld(true)}
            onBlur={() => setHeld(false)}
          >
            <Icon name="check" />
            <span>{toast.text}</span>
            {toast.action ? (
              <button
                type="button"
                className="link"
                onClick={() => {
                  toast.action?.run();
                  close();
                }}
              >
                {toast.action.label}
              </button>
            ) : null}
            <button type="button" className="btn g i" aria-label="Close message" onClick={close}>
              <Icon name="close" />
            </button>
          </div>
        ) : null}
      </div>
    </ToastContext.Provider>
  );
}
