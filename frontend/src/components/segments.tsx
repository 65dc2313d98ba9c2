/** One choice of a few, side by side. */
export function Segments<T extends string>({
  label,
  options,
  value,
  onPick,
}: {
  label: string;
  options: readonly { key: T; label: string }[];
  value: T;
  onPick: (key: T) => void;
}) {
  return (
    <span className="seg" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option.key} type="button" aria-pressed={option.key === value} onClick={() => onPick(option.key)}>
          {option.label}
        </button>
      ))}
    </span>
  );
}
