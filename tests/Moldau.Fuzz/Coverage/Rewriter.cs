using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Moldau.Fuzz;

/// <summary>Rewrites an assembly so that it counts where it comes along (<see cref="EdgeMap"/>). The counting code leaves the
/// evaluation stack as it is, so it may stand anywhere between two instructions.</summary>
internal sealed class Rewriter(Dictionary<string, int> constants, HashSet<string> words)
{
    private const int LongestWord = 40;

    private FieldReference? _counters;
    private MethodReference? _burn;

    /// <summary>Places given out so far.</summary>
    public int Places { get; private set; }

    /// <param name="path">The assembly.</param>
    /// <param name="isWanted">Which types are rewritten, by full name.</param>
    public byte[] Rewrite(string path, Predicate<string> isWanted)
    {
        using AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(path);
        ModuleDefinition module = assembly.MainModule;
        bool isOwn = assembly.Name.Name == typeof(EdgeMap).Assembly.GetName().Name;
        TypeReference map = isOwn
            ? module.GetType(typeof(EdgeMap).FullName)
            : new TypeReference("Moldau.Fuzz", nameof(EdgeMap), module, Reference(module));
        _counters = new FieldReference(nameof(EdgeMap.Counters), new PointerType(module.TypeSystem.Byte), map);
        _burn = new MethodReference(nameof(EdgeMap.Burn), module.TypeSystem.Void, map);
        foreach (TypeDefinition type in module.GetTypes())
        {
            if (!isWanted(type.FullName)) continue;
            foreach (MethodDefinition method in type.Methods)
                if (method.HasBody) Rewrite(method.Body);
        }

        using MemoryStream stream = new();
        assembly.Write(stream);
        return stream.ToArray();
    }

    private static AssemblyNameReference Reference(ModuleDefinition module)
    {
        AssemblyNameReference reference = new("Moldau.Fuzz", new Version(0, 1, 0, 0));
        module.AssemblyReferences.Add(reference);
        return reference;
    }

    private void Rewrite(MethodBody body)
    {
        body.SimplifyMacros();
        Dictionary<Instruction, int> order = [];
        foreach (Instruction instruction in body.Instructions) order.Add(instruction, order.Count);
        HashSet<Instruction> places = [body.Instructions[0]];
        HashSet<Instruction> loops = [];
        foreach (Instruction instruction in body.Instructions) Look(instruction, order, places, loops);
        foreach (ExceptionHandler handler in body.ExceptionHandlers)
            if (handler.HandlerType == ExceptionHandlerType.Catch) places.Add(handler.HandlerStart);
        ILProcessor il = body.GetILProcessor();
        foreach (Instruction place in body.Instructions.ToArray())
            if (places.Contains(place)) Count(il, place, loops.Contains(place));
        body.OptimizeMacros();
    }

    private void Look(Instruction at, Dictionary<Instruction, int> order, HashSet<Instruction> places, HashSet<Instruction> loops)
    {
        switch (at.Operand)
        {
            case Instruction target:
                Target(target);
                break;
            case Instruction[] targets:
                foreach (Instruction target in targets) Target(target);
                break;
            case int number:
                constants.TryAdd($"{number}", number);
                break;
            case string text when text.Length is > 0 and <= LongestWord:
                words.Add(text);
                break;
        }

        if (at.OpCode.FlowControl == FlowControl.Cond_Branch && at.Next is { } next) places.Add(next);

        void Target(Instruction target)
        {
            places.Add(target);
            if (order[target] <= order[at]) loops.Add(target);
        }
    }

    /// <summary>The instruction becomes the first of the counting ones and a copy of it the last, so that all branches and
    /// handlers that name it still do.</summary>
    private void Count(ILProcessor il, Instruction place, bool isLoop)
    {
        if (Places >= EdgeMap.Capacity) throw new InvalidOperationException("the map is too small");
        Instruction copy = il.Create(OpCodes.Nop);
        (copy.OpCode, copy.Operand) = (place.OpCode, place.Operand);
        List<Instruction> counting =
        [
            il.Create(OpCodes.Ldc_I4, Places++), il.Create(OpCodes.Add), il.Create(OpCodes.Dup), il.Create(OpCodes.Ldind_U1),
            il.Create(OpCodes.Ldc_I4_1), il.Create(OpCodes.Add), il.Create(OpCodes.Conv_U1), il.Create(OpCodes.Stind_I1),
        ];
        if (isLoop) counting.Add(il.Create(OpCodes.Call, _burn));
        counting.Add(copy);
        (place.OpCode, place.Operand) = (OpCodes.Ldsfld, _counters);
        Instruction last = place;
        foreach (Instruction next in counting)
        {
            il.InsertAfter(last, next);
            last = next;
        }
    }
}
