import { useNavigate } from "@tanstack/react-router";
import { createContext, lazy, Suspense, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { useCopy } from "@/components/copy";
import { useSetStanding, useStanding } from "@/lib/as-of";
import { useHotkeys, type Bindings } from "@/lib/hotkeys";
import { PLACES } from "./nav";
import { BottomBar, Side } from "./side";

const loadPalette = () => import("./palette");
const Palette = lazy(loadPalette);
const Shortcuts = lazy(() => import("./shortcuts"));

const PALETTE_AFTER_MS = 1500;

interface ShellActions {
  openPalette: () => void;
  openShortcuts: () => void;
}

const ShellContext = createContext<ShellActions>({ openPalette: () => undefined, openShortcuts: () => undefined });

export function useShell(): ShellActions {
  return useContext(ShellContext);
}

/** A link to what is on screen. Live pages stay live; a past page carries its day already. */
export function useCopyLink(): () => void {
  const copy = useCopy();
  return () => copy(location.href, "Link");
}

function useGlobalKeys(actions: ShellActions): void {
  const navigate = useNavigate();
  const { asOf } = useStanding();
  const setStanding = useSetStanding();
  const copyLink = useCopyLink();
  const going: Bindings = {};
  for (const place of PLACES) {
    if (place.key) going[`g ${place.key}`] = () => void navigate({ to: place.to });
  }
  useHotkeys(
    {
      ...going,
      "mod+k": actions.openPalette,
      "?": actions.openShortcuts,
      c: copyLink,
      Escape: () => {
        if (!asOf) return false;
        setStanding(undefined);
        return true;
      },
    },
    "shell",
  );
}

export function Shell({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<"palette" | "shortcuts" | null>(null);
  const actions = useMemo<ShellActions>(
    () => ({ openPalette: () => setOpen("palette"), openShortcuts: () => setOpen("shortcuts") }),
    [],
  );
  useGlobalKeys(actions);
  useEffect(() => {
    // After the page has drawn: the first ⌘K must not wait for the network.
    // Fails when the server is away; opening the palette tries again and says so.
    const timer = setTimeout(() => loadPalette().catch(() => undefined), PALETTE_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <ShellContext.Provider value={actions}>
      <a className="skip btn" href="#main">
        Skip to content
      </a>
      <div className="app">
        <Side />
        {children}
      </div>
      <BottomBar />
      <Suspense fallback={null}>
        {open === "palette" ? <Palette onClose={() => setOpen(null)} onShortcuts={actions.openShortcuts} /> : null}
        {open === "shortcuts" ? <Shortcuts onClose={() => setOpen(null)} /> : null}
      </Suspense>
    </ShellContext.Provider>
  );
}
