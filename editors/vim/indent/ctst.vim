" Vim indent: Containust compositions (.ctst)

if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal indentexpr=CtstIndent(v:lnum)
setlocal indentkeys=0{,0},0],!^F,o,O
let b:undo_indent = 'setlocal indentexpr< indentkeys<'

if exists('*CtstIndent')
  finish
endif

" The line without strings and comments: what is in them opens and closes nothing.
function s:Code(number)
  let l:text = substitute(getline(a:number), '"\%([^"\\]\|\\.\)*"', '', 'g')
  return substitute(l:text, '//.*$', '', '')
endfunction

" One level deeper behind a line that leaves something open, one back for a line that begins by closing it.
function CtstIndent(number)
  let l:before = prevnonblank(a:number - 1)
  if l:before == 0
    return 0
  endif
  let l:code = s:Code(l:before)
  let l:indent = indent(l:before)
  let l:open = len(substitute(l:code, '[^][{}]', '', 'g')) - 2 * len(substitute(l:code, '[^]}]', '', 'g'))
  " A closing bracket at the begin of that line has moved the line itself already.
  if l:code =~# '^\s*[]}]'
    let l:open += 1
  endif
  if l:open > 0
    let l:indent += shiftwidth()
  elseif l:open < 0
    let l:indent -= shiftwidth()
  endif
  if s:Code(a:number) =~# '^\s*[]}]'
    let l:indent -= shiftwidth()
  endif
  return max([l:indent, 0])
endfunction
