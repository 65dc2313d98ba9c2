import { Dialog } from "@/components/dialog";
import { Icon } from "@/components/icon";
import { PLACES } from "./nav";

const KEYS: [string[], string][] = [
  [["⌘", "K"], "Search or run"],
  [["/"], "Find in this list"],
  [["f"], "Add a filter"],
  [["a"], "As-of day"],
  [["c"], "Copy link"],
  [["j"], "Next row"],
  [["k"], "Previous row"],
  [["Enter"], "Open the row"],
  [["["], "Previous record"],
  [["]"], "Next record"],
  [["Esc"], "Close, then clear filters, then back to live"],
];

/** Every key, in one list. */
export default function Shortcuts({ onClose }: { onClose: () => void }) {
  const going = PLACES.filter((place) => place.key);
  return (
    <Dialog label="Keys" className="keys-dialog" onClose={onClose}>
      <div className="ph">
        <h2>Keys</h2>
        <button type="button" className="btn g i end" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="two-lists">
        <dl>
          {KEYS.map(([keys, does]) => (
            <div key={does} className="row">
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <dl>
          {going.map((place) => (
            <div key={place.to} className="row">
              <dt>
                <kbd>g</kbd> <kbd>{place.key}</kbd>
              </dt>
              <dd>{place.label}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Dialog>
  );
}
